"use strict";
const book = JSON.parse(document.getElementById("book").textContent);
const narrow = window.matchMedia("(max-width: 640px)").matches;
const config = {responsive: true, displaylogo: false, displayModeBar: false, showTips: false};
const SMALLER = 0.7;  // marks of maps on a telephone
let drawing = Promise.resolve();

function forNarrow(layout) {
  for (const [part, own] of Object.entries((layout.meta && layout.meta.narrow) || {})) {
    layout[part] = Array.isArray(own) ? own : {...layout[part], ...own};
  }
  const y = layout.yaxis || {};
  for (const axis of [layout.xaxis, layout.yaxis]) {
    const title = axis && axis.title && axis.title.text;
    if (title && title.length > 34) {
      const middle = title.indexOf(" ", title.length / 2);
      axis.title.text = middle > 0 ? title.slice(0, middle) + "<br>" + title.slice(middle + 1) : title;
    }
  }
  layout.dragmode = false;  // a swipe over a figure scrolls the page
  if (Array.isArray(y.ticktext)) {
    y.ticktext = y.ticktext.map((text) => (text.length > 17 && !text.includes("&")) ? text.slice(0, 16) + "…" : text);
    y.tickfont = {size: 11};
  }
  if (y.scaleanchor) {
    layout.height = Math.round(layout.height * 0.62);
  }
  if (layout.legend) {
    layout.legend.font = {size: 11};
  }
  return layout;
}

async function draw(place) {
  if (place.dataset.drawn) {
    return;
  }
  place.dataset.drawn = "yes";
  const found = book.figures[place.dataset.figure];
  const data = found.data.map((trace) => (typeof trace === "number") ? structuredClone(book.shared[trace]) : trace);
  if (narrow && found.layout.yaxis && found.layout.yaxis.scaleanchor) {
    for (const trace of data) {
      if (trace.marker) {
        const size = trace.marker.size;
        trace.marker.size = Array.isArray(size) ? size.map((each) => each * SMALLER) : size * SMALLER;
      }
    }
  }
  const layout = narrow ? forNarrow(found.layout) : found.layout;
  layout.template = book.template;
  place.style.minHeight = layout.height + "px";
  await Plotly.newPlot(place, data, layout, config);
  // A legend of many rows must not eat the picture.
  const legend = place.querySelector(".legend");
  const rows = legend ? legend.getBBox().height : 0;
  if (rows > 46) {
    await Plotly.relayout(place, {height: layout.height + rows - 46});
  }
}

function drawShown() {
  for (const place of document.querySelectorAll(".figure")) {
    if (place.offsetParent !== null) {
      drawing = drawing.then(() => draw(place));
    }
  }
  return drawing;
}

function choose(select) {
  for (const option of select.options) {
    const part = document.getElementById(option.value);
    if (part) {
      part.hidden = !option.selected;
    }
  }
}

for (const select of document.querySelectorAll("select")) {
  choose(select);
  select.addEventListener("change", () => { choose(select); drawShown(); });
}
for (const link of document.querySelectorAll("a.see")) {
  link.addEventListener("click", () => {
    const target = document.getElementById(link.hash.slice(1));
    const around = target && target.closest("details");
    if (around) {
      around.open = true;
    }
  });
}
drawShown().then(() => { document.documentElement.dataset.ready = "yes"; });
