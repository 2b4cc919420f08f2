// Draws the lines of `sailings.json`, a legend, and the same figures as a table.
//
// 1. the data is fetched and turned into coordinates
// 2. lines, axes and legend are drawn
// 3. pointing at a month, or choosing one with the arrow keys, reads its figures out

const WIDTH = 720;
const HEIGHT = 320;
const EDGE = { top: 12, right: 12, bottom: 32, left: 44 };
const LOWEST = 60;
const HIGHEST = 100;

const { months, routes } = await (await fetch("sailings.json")).json();

const across = (month) => EDGE.left + (month * (WIDTH - EDGE.left - EDGE.right)) / (months.length - 1);
const up = (share) => EDGE.top + ((HIGHEST - share) * (HEIGHT - EDGE.top - EDGE.bottom)) / (HIGHEST - LOWEST);
const colour = (route) => `var(--route-${route + 1})`;

drawLegend();
drawTable();
readOut(drawChart());

function drawChart() {
  const worst = Math.min(...routes.flatMap((route) => route.onTime));
  const name = `Sailings on time by month and route, between ${worst} and ${HIGHEST} per cent`;
  const chart = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": name });
  for (let share = LOWEST; share <= HIGHEST; share += 10) {
    const y = up(share);
    chart.append(draw("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y }));
    chart.append(draw("text", { x: EDGE.left - 8, y: y + 4, "text-anchor": "end" }, `${share}%`));
  }
  months.forEach((month, index) => {
    chart.append(draw("text", { x: across(index), y: HEIGHT - 8, "text-anchor": "middle" }, month.slice(0, 3)));
  });
  routes.forEach(({ onTime }, route) => {
    const points = onTime.map((share, month) => `${across(month)},${up(share)}`).join(" ");
    chart.append(draw("polyline", { class: "line", points, stroke: colour(route) }));
  });
  document.getElementById("chart").replaceChildren(chart);
  return chart;
}

/** Follows the pointer and the arrow keys over `chart`. */
function readOut(chart) {
  const cursor = draw("g", {});
  const reading = document.getElementById("reading");
  const figure = chart.parentElement;
  let at = -1;
  chart.append(cursor);

  const show = (month) => {
    at = Math.max(0, Math.min(months.length - 1, month));
    const x = across(at);
    cursor.replaceChildren(
      draw("line", { class: "cursor", x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }),
      ...routes.map(({ onTime }, route) =>
        draw("circle", { class: "dot", cx: x, cy: up(onTime[at]), r: 5, fill: colour(route) }),
      ),
    );
    reading.textContent = `${months[at]}: ${routes.map(({ name, onTime }) => `${name} ${onTime[at]}%`).join(", ")}`;
  };

  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) * WIDTH) / box.width;
    show(Math.round(((x - EDGE.left) * (months.length - 1)) / (WIDTH - EDGE.left - EDGE.right)));
  });
  figure.tabIndex = 0;
  figure.setAttribute("role", "group");
  figure.setAttribute("aria-label", "Chart; the arrow keys read out one month after another");
  figure.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(at + 1);
    else if (event.key === "ArrowLeft") show(at - 1);
    else return;
    event.preventDefault();
  });
}

function drawLegend() {
  const legend = document.getElementById("legend");
  legend.replaceChildren(
    ...routes.map(({ name }, route) => {
      const entry = document.createElement("li");
      entry.textContent = name;
      entry.style.setProperty("--route", colour(route));
      return entry;
    }),
  );
  legend.hidden = false;
}

function drawTable() {
  const table = document.getElementById("figures");
  const row = (parent, scope, texts) => {
    const line = parent.insertRow();
    texts.forEach((text, column) => {
      const heads = scope === "col" || column === 0;
      const cell = heads ? document.createElement("th") : document.createElement("td");
      if (heads) cell.scope = scope;
      cell.textContent = text;
      line.append(cell);
    });
  };
  row(table.createTHead(), "col", ["Month", ...routes.map(({ name }) => name)]);
  const body = table.createTBody();
  months.forEach((month, index) => row(body, "row", [month, ...routes.map(({ onTime }) => `${onTime[index]}%`)]));
}

/** An SVG element. */
function draw(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}
