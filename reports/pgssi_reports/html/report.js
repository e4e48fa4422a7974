// Filter, search and fold. Everything is readable without it: the controls stay hidden until this runs.
(function () {
  "use strict";
  const each = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const details = each("details");
  details.filter((one) => one.matches(".data, .proof")).forEach((one) => { one.open = false; });

  const filters = each("[data-tools]").map((tools) => {
    const name = tools.dataset.tools;
    const items = each(`[data-item="${name}"]`).map((element) => ({
      element,
      text: plain(element.textContent),
      mirror: document.querySelector(`[data-mirror="${CSS.escape(element.id)}"]`),
    }));
    const search = tools.querySelector("input[type=search]");
    const boxes = each("input[type=checkbox]", tools);
    const show = (item, shown) => {
      item.element.hidden = !shown;
      if (item.mirror) item.mirror.hidden = !shown;
    };
    const apply = () => {
      const words = plain(search.value).split(/\s+/).filter(Boolean);
      const kept = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      let shown = 0;
      for (const item of items) {
        const tag = item.element.dataset.tag;
        const known = boxes.some((box) => box.value === tag);
        const wanted = (!known || kept.has(tag)) && words.every((word) => item.text.includes(word));
        show(item, wanted);
        if (wanted) shown += 1;
      }
      each("[data-group]").forEach((group) => {
        const members = each("[data-item]", group);
        group.hidden = members.length > 0 && members.every((member) => member.hidden);
      });
      tools.querySelector("[role=status]").textContent = tools.dataset.shown
        .replace("{shown}", String(shown)).replace("{total}", String(items.length));
    };
    const reset = () => {
      search.value = "";
      boxes.forEach((box) => { box.checked = true; });
      apply();
    };
    tools.addEventListener("input", apply);
    each("[data-fold]", tools).forEach((button) => button.addEventListener("click", () => {
      each(`[data-item="${name}"] details`).forEach((one) => { one.open = button.dataset.fold === "open"; });
    }));
    tools.hidden = false;
    apply();
    return { items, apply, reset, all: () => items.forEach((item) => show(item, true)) };
  });

  // A link to something that a filter hides or that is folded shows it again.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const folded = details.filter((one) => !one.open && one.contains(target));
    const hidden = target.closest("[hidden]");
    if (!hidden && !folded.length) return;
    folded.forEach((one) => { one.open = true; });
    if (hidden) filters.forEach((filter) => filter.reset());
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();

  // What is printed is whole.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = details.filter((one) => !one.open);
    closed.forEach((one) => { one.open = true; });
    filters.forEach((filter) => filter.all());
    each("[data-group]").forEach((group) => { group.hidden = false; });
  });
  window.addEventListener("afterprint", () => {
    closed.forEach((one) => { one.open = false; });
    filters.forEach((filter) => filter.apply());
  });
})();
