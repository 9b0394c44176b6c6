"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const [ID, OUTCOME, SECONDS, SHARD, ATTEMPTS, CLUSTER, MESSAGE, TEXT] = [0, 1, 2, 3, 4, 5, 6, 7];
  const PAGE = 200;
  // Worst first: what a reader of a red run looks for.
  const RANK = { failed: 0, error: 1, lost: 2, flaky: 3, skipped: 4, passed: 5 };
  const rank = data.outcomes.map((name) => RANK[name]);
  const haystack = data.tests.map((test) => (test[ID] + "\n" + test[MESSAGE]).toLowerCase());
  const state = { words: [], outcome: -1, cluster: -1, sort: OUTCOME, down: false, shown: PAGE };
  let rows = [];

  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    // Names come from tests: text only, never markup.
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };

  const compare = (left, right) => {
    const [one, other] = [data.tests[left], data.tests[right]];
    let order = 0;
    if (state.sort === OUTCOME) order = rank[one[OUTCOME]] - rank[other[OUTCOME]];
    else if (state.sort === ID) order = one[ID] < other[ID] ? -1 : Number(one[ID] > other[ID]);
    else order = one[state.sort] - other[state.sort];
    return (state.down ? -order : order) || left - right;
  };

  const select = () => {
    rows = [];
    for (let at = 0; at < data.tests.length; at += 1) {
      const test = data.tests[at];
      if (state.outcome >= 0 && test[OUTCOME] !== state.outcome) continue;
      if (state.cluster >= 0 && test[CLUSTER] !== state.cluster) continue;
      if (!state.words.every((word) => haystack[at].includes(word))) continue;
      rows.push(at);
    }
    rows.sort(compare);
    state.shown = PAGE;
    draw();
  };

  const explain = (button, test) => {
    const cell = button.parentElement;
    const open = cell.querySelector("pre");
    button.setAttribute("aria-expanded", String(!open));
    if (open) { open.remove(); return; }
    const text = make("pre", test[TEXT] || test[MESSAGE]);
    text.tabIndex = 0;
    cell.append(text);
  };

  const row = (test) => {
    const line = make("tr");
    const outcome = data.outcomes[test[OUTCOME]];
    const name = make("td", undefined, "name");
    if (test[TEXT]) {
      const button = make("button", test[ID]);
      button.type = "button";
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => explain(button, test));
      name.append(button);
    } else name.append(test[ID]);
    if (test[MESSAGE]) name.append(make("div", test[MESSAGE], "message"));
    line.append(
      make("td", outcome, "outcome " + outcome), name,
      make("td", test[SECONDS].toFixed(3), "num"), make("td", String(test[ATTEMPTS]), "num"),
      make("td", data.shards[test[SHARD]]),
    );
    return line;
  };

  const draw = () => {
    const body = byId("table").tBodies[0];
    const lines = document.createDocumentFragment();
    rows.slice(0, state.shown).forEach((at) => lines.append(row(data.tests[at])));
    body.replaceChildren(lines);
    const shown = Math.min(state.shown, rows.length);
    byId("found").textContent =
      `${rows.length.toLocaleString("en")} of ${data.tests.length.toLocaleString("en")} tests` +
      (shown < rows.length ? `, the first ${shown} shown` : "");
    byId("more").hidden = shown >= rows.length;
    for (const button of document.querySelectorAll("#outcomes button"))
      button.setAttribute("aria-pressed", String(Number(button.dataset.outcome) === state.outcome));
    for (const head of document.querySelectorAll("#table th")) {
      const sorted = Number(head.firstElementChild.dataset.sort) === state.sort;
      head.setAttribute("aria-sort", sorted ? (state.down ? "descending" : "ascending") : "none");
    }
    byId("cluster").value = String(state.cluster);
  };

  const controls = () => {
    const counts = data.outcomes.map(() => 0);
    data.tests.forEach((test) => { counts[test[OUTCOME]] += 1; });
    data.outcomes.forEach((name, at) => {
      if (!counts[at]) return;
      const button = make("button", `${name} ${counts[at].toLocaleString("en")}`);
      button.type = "button";
      button.dataset.outcome = String(at);
      button.addEventListener("click", () => {
        state.outcome = state.outcome === at ? -1 : at;
        select();
      });
      byId("outcomes").append(button);
    });
    data.clusters.forEach((title, at) => {
      const option = make("option", `${at + 1}. ${title}`);
      option.value = String(at);
      byId("cluster").append(option);
    });
    byId("cluster").hidden = !data.clusters.length;
    byId("cluster").addEventListener("change", (event) => {
      state.cluster = Number(event.target.value);
      select();
    });
    let wait = 0;
    byId("search").addEventListener("input", (event) => {
      clearTimeout(wait);
      wait = setTimeout(() => {
        state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
        select();
      }, 120);
    });
    byId("more").addEventListener("click", () => { state.shown += 5 * PAGE; draw(); });
    for (const button of document.querySelectorAll("#table th button"))
      button.addEventListener("click", () => {
        const sort = Number(button.dataset.sort);
        state.down = state.sort === sort ? !state.down : sort === SECONDS || sort === ATTEMPTS;
        state.sort = sort;
        select();
      });
    for (const button of document.querySelectorAll("button[data-cluster]"))
      button.addEventListener("click", () => {
        Object.assign(state, { cluster: Number(button.dataset.cluster), outcome: -1 });
        select();
        byId("tests").scrollIntoView();
        byId("cluster").focus();
      });
  };

  const remember = (theme) => {
    try { localStorage.setItem("testfleet-theme", theme); } catch { /* a file may have no storage */ }
  };
  try { root.dataset.theme = localStorage.getItem("testfleet-theme") || ""; } catch { /* the same */ }
  byId("theme").addEventListener("click", () => {
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    remember(root.dataset.theme);
  });

  controls();
  document.querySelector(".controls").hidden = false;
  byId("table").hidden = false;
  select();
})();
