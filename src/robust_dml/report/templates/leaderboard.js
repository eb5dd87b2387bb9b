"use strict";

// Filters: a board is shown if it has the dataset and the threat, a row or a point if it has the verdict.
const chosen = (name) => document.getElementById(`filter-${name}`).value;
const fits = (element, name) => chosen(name) === "" || element.dataset[name] === chosen(name);

function applyFilters() {
  for (const board of document.querySelectorAll(".board")) {
    for (const part of board.querySelectorAll("[data-verdict]")) part.hidden = !fits(part, "verdict");
    const left = board.querySelectorAll("tbody tr:not([hidden])").length;
    board.hidden = !fits(board, "dataset") || !fits(board, "threat") || left === 0;
  }
  const shown = document.querySelectorAll(".board:not([hidden]) tbody tr:not([hidden])").length;
  document.getElementById("shown").textContent = `${shown} shown`;
}

for (const select of document.querySelectorAll(".filters select")) select.addEventListener("change", applyFilters);
applyFilters();
