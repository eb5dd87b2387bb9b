"use strict";

// Theme: the reader's choice is kept where the browser allows it, else the system decides.
const root = document.documentElement;
const themeButton = document.getElementById("theme");
const storedTheme = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
const darkNow = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function showTheme() {
  themeButton.textContent = darkNow() ? "Light" : "Dark";
  themeButton.setAttribute("aria-label", `Switch to the ${darkNow() ? "light" : "dark"} theme`);
}

themeButton.addEventListener("click", () => {
  root.dataset.theme = darkNow() ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* kept for this visit only */ }
  showTheme();
});
if (storedTheme()) root.dataset.theme = storedTheme();
showTheme();

// Tables: each head becomes a button that sorts by its column, descending first for numbers.
function sortKey(cell) {
  if (cell.dataset.value !== undefined) {
    return cell.dataset.value.includes("inf") ? Infinity : Number(cell.dataset.value);
  }
  const text = cell.textContent.trim();
  return text === "–" || text === "" ? null : text;
}

function compare(a, b) {
  if (a === null || b === null) return 0;
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}

function sortRows(table, index, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, key: sortKey(row.cells[index]) }));
  const known = rows.filter(({ key }) => key !== null).sort((a, b) => direction * compare(a.key, b.key));
  body.append(...[...known, ...rows.filter(({ key }) => key === null)].map(({ row }) => row));
  table.classList.add("sorted");
}

for (const table of document.querySelectorAll("figure.table table")) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const first = head.classList.contains("label") ? "ascending" : "descending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach((each) => each.setAttribute("aria-sort", each === head ? order : "none"));
      sortRows(table, index, order === "ascending" ? 1 : -1);
    });
  });
}

// Tables that do not fit become cards; the width is that of the table as a table.
function fit(box) {
  const table = box.querySelector("table");
  if (!table || !box.clientWidth) return;
  table.classList.remove("stacked");
  table.classList.toggle("stacked", table.scrollWidth > box.clientWidth);
}

const boxes = [...document.querySelectorAll(".scroll")];
const fitAll = () => boxes.forEach(fit);
addEventListener("resize", fitAll);
// Paper is narrower than most windows, and its width is not known before the page is laid out for it.
for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(event, () => { root.classList.toggle("printing", printing); fitAll(); });
}
for (const details of document.querySelectorAll("details")) details.addEventListener("toggle", fitAll);
fitAll();

// Links to a folded part open it.
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let part = target; part; part = part.parentElement) if (part instanceof HTMLDetailsElement) part.open = true;
  if (target instanceof HTMLDetailsElement) target.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();

// Explorer.
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function picture(image, alt, className = "") {
  return element("img", { src: image.uri, alt, className, title: alt });
}

function neighbours(ids, query, images) {
  const pictures = ids.map((id) => {
    const right = images[id].label === query.label;
    const alt = `image ${id}, class ${images[id].label}, ${right ? "right" : "wrong"}`;
    return element("span", { className: right ? "right" : "wrong" }, picture(images[id], alt));
  });
  return pictures;
}

function labelled(label, ...pictures) {
  const cell = element("td", { className: "pictures" }, ...pictures);
  cell.dataset.label = label;
  return cell;
}

const HEADS = ["model", "neighbours of the query", "attacked", "change", "neighbours under attack"];

function modelRow(model, query, images) {
  const link = element("a", { href: `#${model.run}`, textContent: `${model.loss} / ${model.training}` });
  const head = element("th", { scope: "row" }, link);
  head.dataset.label = HEADS[0];
  const attacked = picture(images[model.adversarial], "the query under attack");
  const change = picture(images[`${model.adversarial}-change`], "the change, magnified");
  return element(
    "tr", {}, head,
    labelled(HEADS[1], ...neighbours(model.clean, query, images)),
    labelled(HEADS[2], attacked),
    labelled(HEADS[3], change),
    labelled(HEADS[4], ...neighbours(model.attacked, query, images)),
  );
}

function startExplorer(data) {
  const form = document.getElementById("queries");
  const table = document.getElementById("neighbours");
  const tally = document.getElementById("tally");

  function show(dataset, query) {
    const images = data[dataset].images;
    const row = element("tr", {}, ...HEADS.map((text) => element("th", { scope: "col", className: "label", textContent: text })));
    const rows = query.models.map((model) => modelRow(model, query, images));
    table.replaceChildren(element("thead", {}, row), element("tbody", {}, ...rows));
    const right = (ids) => ids.length && images[ids[0]].label === query.label;
    const before = query.models.filter((model) => right(model.clean)).length;
    const after = query.models.filter((model) => right(model.attacked)).length;
    tally.textContent = `Query ${query.id}, class ${query.label}: of ${query.models.length} models ` +
      `${before} find its class unperturbed, ${after} under attack.`;
    fit(table.parentElement);
  }

  function choices(dataset) {
    const { queries, images, kept } = data[dataset];
    const less = queries.length < kept ? ` (${queries.length} of ${kept} kept)` : "";
    const group = element("fieldset", {}, element("legend", { textContent: `Queries of ${dataset}${less}` }));
    for (const query of queries) {
      const radio = element("input", { type: "radio", name: "query", value: `${dataset}-${query.id}` });
      radio.addEventListener("change", () => show(dataset, query));
      group.append(element("label", {}, radio, picture(images[query.id], `query ${query.id}, class ${query.label}`)));
    }
    return group;
  }

  form.append(...Object.keys(data).map(choices));
  const [dataset, { start }] = Object.entries(data)[0];
  const first = form.querySelector(`input[value="${CSS.escape(`${dataset}-${start}`)}"]`);
  first.checked = true;
  first.dispatchEvent(new Event("change"));
}

const explorerData = document.getElementById("explorer-data");
if (explorerData) startExplorer(JSON.parse(explorerData.textContent));
