// Arrows between boxes that the browser has laid out: an SVG behind them, in the same coordinates.

const SVG = "http://www.w3.org/2000/svg";

// `box` holds `chart` (its boxes have data-state) and the SVG. `last`: the step to light, {before, after, event}.
export function drawArrows(box, chart, steps, last) {
  const svg = box.querySelector("svg.arrows");
  svg.setAttribute("width", chart.scrollWidth);
  svg.setAttribute("height", chart.scrollHeight);
  svg.replaceChildren();
  const drawn = new Set();
  for (const { source, to } of steps) {
    const key = `${source} ${to}`;
    if (source === to || drawn.has(key)) continue;
    drawn.add(key);
    const isLast = last?.before === source && last.after === to;
    const path = arrow(chart, source, to);
    if (!path) continue;
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    line.setAttribute("class", isLast ? "arrow taken" : "arrow");
    if (isLast) svg.append(line);
    else svg.prepend(line);
  }
}

function arrow(chart, source, to) {
  const from = place(chart, source);
  const end = place(chart, to);
  if (!from || !end) return null;
  const down = end.top > from.bottom;
  if (!down && end.bottom >= from.top) { // in the same row
    const right = end.left > from.left;
    const [x1, x2] = right ? [from.right, end.left] : [from.left, end.right];
    return `M${x1},${from.middle} L${x2},${end.middle}`;
  }
  const [y1, y2] = down ? [from.bottom, end.top] : [from.top, end.bottom];
  const bend = (y2 - y1) / 2;
  return `M${from.center},${y1} C${from.center},${y1 + bend} ${end.center},${y2 - bend} ${end.center},${y2}`;
}

function place(chart, state) {
  const node = chart.querySelector(`[data-state="${state}"]`);
  if (!node) return null;
  const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = node;
  return {
    left, top, right: left + width, bottom: top + height, center: left + width / 2, middle: top + height / 2,
  };
}
