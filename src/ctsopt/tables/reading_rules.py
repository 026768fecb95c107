"""What is found while files, headers and cells are read, and while ways are made: the ids that findings carry.

The rules about the tables of a network as a whole stand in `ctsopt.networks.checks`. The documentation lists both.
"""

from __future__ import annotations

OF_FILES: dict[str, str] = {
    "missing_table": "A required table is not there.",
    "unknown_file": "A file is named like no table, or the settings stand in another file than `model.yaml`.",
    "unknown_sheet": "A sheet is named like no table.",
    "unknown_table": "A frame is named like no table.",
    "file_not_read": "A file is named like a table, and of a type that is not read.",
    "unreadable_file": "A file may not be read, or a folder, a pipe or a link that leads nowhere stands in its place.",
    "two_files": "A table is there in two files, such as CSV and Parquet.",
    "empty_file": "A file or sheet is blank.",
    "empty_table": "A required table has a header and no rows.",
    "wrong_encoding": "A text file is not UTF-8 (it may begin with a byte order mark).",
    "nul_byte": "A text file holds characters of code 0.",
    "wrong_separator": "Cells are separated by semicolons or tabs in place of commas.",
    "separator_line": "The first line (`sep=,`) is not the header.",
    "broken_csv": "A quotation mark is not closed.",
    "ragged_row": "A line has another number of cells than the header.",
    "broken_parquet": "A file is not Parquet, is damaged, or holds text that is not UTF-8.",
    "too_many_rows": "A Parquet file has more than 100 million rows.",
    "broken_yaml": "`model.yaml` is not a list of settings, one a line.",
    "setting_not_single": "A setting has several values.",
    "unknown_setting": "There is no setting of this name.",
    "too_large_file": "`model.yaml` has more than 1 MB.",
    "not_a_frame": "Something else than a DataFrame (or a dict, for settings) was given.",
}
"""Files, and frames as a whole."""

OF_WORKBOOKS: dict[str, str] = {
    "unreadable_workbook": "The file is no workbook, protected by a password, damaged, or beyond a limit: 268 MB on "
                           "the disk, 1074 MB unpacked, 10,000 parts, a part over 10 MB that unpacks to more than "
                           "200 times its packed size, a document type in its XML.",
    "damaged_sheet": "One sheet cannot be read; the others are.",
    "duplicate_sheet": "Two sheets have one name, but for capitals and blanks at its ends.",
    "sheet_without_cells": "A table's sheet is a chart, or is listed without being there.",
    "header_not_first": "Row 1 of a sheet is blank.",
    "header_below_title": "The header of a sheet stands below a title.",
    "merged_header": "Cells of the header are merged.",
    "merged_cells": "Cells of a column are merged: only the first one holds the value.",
    "too_many_columns": "A sheet has cells beyond column 1000.",
    "formula_without_value": "The workbook holds a formula and no value for it.",
    "error_cell": "A cell holds an error of the spreadsheet program, such as #N/A.",
    "zeros_by_format": "A number shows leading zeros by its format alone, and is read without them.",
    "hidden_sheet": "A sheet is hidden, and read.",
    "hidden_rows": "Rows are hidden, by a filter or by hand, and read.",
}
"""Workbooks."""

OF_CELLS: dict[str, str] = {
    "missing_column": "A required column is not there.",
    "unknown_column": "A column is not in the data dictionary.",
    "duplicate_column": "Two columns have one header.",
    "column_without_header": "A column with values has no header.",
    "blank": "A cell that has to be filled in is blank.",
    "which_one": "A product, period or tier is left blank where there are several.",
    "duplicate_key": "Two rows have one key, or a setting is given twice.",
    "word_for_number": "A word such as `inf`, `NaN` or `unlimited` stands where a number belongs.",
    "trailing_minus": "The minus stands behind the number.",
    "date_for_number": "A date stands where a number belongs.",
    "thousands_separator": "A number has separators between its digits.",
    "decimal_comma": "A number has a decimal comma.",
    "percent_sign": "A share is written in per cent.",
    "unit_in_cell": "A unit or currency stands beside the number.",
    "not_a_number": "A text is no number.",
    "too_large": "A number is beyond the largest that is taken; a blank cell means no limit.",
    "below_bound": "A number is below the least of its column.",
    "above_bound": "A number is above the most of its column.",
    "share_above_one": "A share is above 1: it may be meant in per cent.",
    "unknown_choice": "A text is none of the choices of its column.",
    "not_yes_or_no": "A cell is neither yes nor no.",
    "lost_character": "A letter was lost in a conversion, and \N{REPLACEMENT CHARACTER} stands in its place.",
    "unseen_character": "A text holds a character that cannot be seen.",
    "too_long": "A name has more than 200 characters, or another text more than 2000.",
    "reserved_name": "A name is `*`, or a mode holds `|`.",
    "several_values": "A cell of a frame or Parquet file holds a list.",
    "bytes_for_text": "A cell of a frame or Parquet file holds bytes.",
}
"""Headers and cells."""

OF_DATES: dict[str, str] = {
    "time_of_day": "A time stands beside a date.",
    "no_such_day": "The calendar has no such day.",
    "order_of_date": "A date is written otherwise than 2027-03-31, so that day and month could be mistaken.",
    "number_for_date": "A date stands as the count of days by which spreadsheet programs keep it.",
    "not_a_date": "A text is no date.",
}
"""Cells of columns of dates."""

OF_WAYS: dict[str, str] = {
    "ambiguous_rate": "Two rows of rates match a lane equally well.",
    "way_without_rate": "Nothing prices a way.",
    "unknown_distance": "A rate depends on a distance that nothing states.",
    "unknown_transit_time": "A transit time depends on a distance that nothing states.",
    "below_first_distance": "A lane is shorter than the first distance band.",
    "below_first_break": "A drop weighs less than the first weight break.",
    "drop_size_needed": "A rate depends on the size of a drop, and none is given.",
    "load_needed": "A charge between sites depends on the load, and the mode states none.",
    "load_cost_differs": "What a whole load costs on a lane differs between products.",
    "whole_loads_with_breaks": "A mode with whole loads has a rate with several weight breaks.",
    "too_many_via_ways": "There are more paths over cross-docks than settings.max_via_ways.",
    "unreachable_customer": "No way serves a demand within its promise.",
    "many_stock_decisions": "There are more than 1,000 yes-or-no decisions on stock.",
    "nominal_volume_missing": "A safety factor is worked out at a daily volume (`stock_rule = square_root`), and none "
                              "is given.",
    "replenished_at_once": "Goods come in 0 days to stock that is reviewed all the time.",
    "orders_may_overtake": "Lead times vary by more than twice the days between two orders, and nothing says whether "
                           "orders may overtake each other.",
}
"""Ways, once the tables are sound."""

READING_RULES: dict[str, dict[str, str]] = {"Files": OF_FILES, "Workbooks": OF_WORKBOOKS, "Headers and cells": OF_CELLS,
                                            "Dates": OF_DATES,
                                            "Ways": OF_WAYS}
