"""What changes the answer: at which figures of a cost another network is the better one."""
