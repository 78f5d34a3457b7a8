// How the class stands, drawn. A row that is there already is changed, not made anew: what has the
// keyboard's focus keeps it, and a screen reader its place.

import { words, filled } from "./words.js";

const SHOWN = 4; // of mistakes, and of those who are stuck: more than fit on a wall help nobody
const whole = new Set();
const find = id => document.getElementById(id);
let namesHidden = false;

export function hideNames(hidden) {
  namesHidden = hidden;
  document.body.classList.toggle("unnamed", hidden);
}

export function draw(state, now, write) {
  document.body.classList.toggle("waiting", state.joined === 0);
  text(find("here"), filled(words.of, { count: state.here, all: state.joined }));
  text(find("stuck-count"), state.stuck_count);
  drawLessons(state, now, write);
  drawMistakes(state.mistakes, write);
  if (state.people) {
    drawStuck(state.stuck, now);
    drawPeople(state.people, now);
  }
  rows("hints", "no-hints", state.hints, hint => hint.text + hint.to, () => element("li"), (row, hint) => {
    text(row, `“${hint.text}” — ${filled(words.reached, hint)}`);
  });
}

function drawLessons({ lessons, joined }, now, write) {
  const most = Math.max(2, ...lessons.map(lesson => lesson.stuck));
  rows("lessons", "nobody", lessons, lesson => lesson.name, lesson => {
    const row = element("li");
    const bar = element("div", "bar");
    bar.setAttribute("aria-hidden", "true"); // what is beside it says the same
    bar.append(element("span"));
    row.append(
      element("h3", "title", `${lesson.number} · ${lesson.title}`), element("p", "now"),
      hintButton(filled(words.hint_lesson, lesson), () =>
        write({ lesson: lesson.name }, filled(words.to_lesson, lesson))),
      bar, element("p", "done"), element("p", "exercises"),
    );
    return row;
  }, (row, lesson) => {
    row.classList.toggle("worst", lesson.stuck === most);
    row.classList.toggle("left", lesson.here === 0);
    const parts = [["working", "●", lesson.here, words.here]];
    if (lesson.blank) parts.push(["writing", "✎", lesson.blank, words.blank_now]);
    if (lesson.stuck) {
      const long = `${lesson.stuck} · ${minutes(lesson.since, now)}`;
      parts.push(["trouble", "▲", long, words.stuck_now]);
    }
    text(row.querySelector(".now"), parts.map(part => part.slice(1, 3).join(" ")).join("  "), place => {
      place.replaceChildren(...parts.flatMap(([kind, sign, said, unseen]) => {
        const part = element("span", kind, `${sign} ${said}`);
        part.append(element("span", "unseen", ` ${unseen}`));
        return [part, "  "];
      }));
    });
    row.querySelector(".bar span").style.width = `${100 * lesson.passed / Math.max(1, joined)}%`;
    text(row.querySelector(".done"), `✓ ${filled(words.of, { count: lesson.passed, all: joined })}`);
    const solved = lesson.exercises.map(each => `${each.name} ✓ ${each.solved}`).join("   ");
    text(row.querySelector(".exercises"), solved);
  });
}

function hintButton(label, onclick) {
  const button = element("button", "hint", words.hint);
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.onclick = onclick;
  return button;
}

function drawMistakes(mistakes, write) {
  const shown = few("more-mistakes", mistakes);
  rows("mistakes", "no-mistakes", shown, each => `${each.lesson} ${each.name}`, each => {
    const row = element("li");
    const cause = element("p", "cause");
    cause.append(...code(each.text));
    const name = each.name ? `${each.name} · ${each.lesson}` : each.lesson;
    row.append(
      element("strong", "count"), cause, element("p", "name", name),
      hintButton(filled(words.hint_mistake, each), () =>
        write({ mistake: each.name }, filled(words.to_mistake, each))),
    );
    return row;
  }, (row, each) => text(row.querySelector(".count"), each.count));
}

function drawStuck(stuck, now) {
  const shown = few("more-stuck", stuck);
  rows("stuck", "nobody-stuck", shown, each => each.nickname, () => {
    const row = element("li");
    row.append(element("strong", "who"), element("span", "long"), element("p", "why"));
    return row;
  }, (row, each) => {
    text(row.querySelector(".who"), namesHidden ? words.somebody : each.nickname);
    text(row.querySelector(".long"), `▲ ${minutes(each.since, now)}`);
    const what = [...each.mistakes, ...each.exercises.map(name => filled(words.exercise, { name }))];
    row.querySelector(".why").replaceChildren(...code(`${each.lesson}: ${what.join(" · ") || words.check}`));
  });
}

function drawPeople(people, now) {
  rows("people", null, people, each => each.nickname, () => element("li"), (row, each) => {
    const kind = !each.here ? "away" : each.since ? "trouble" : each.blank ? "writing" : "working";
    const sign = { trouble: "▲", writing: "✎", working: "●", away: "○" }[kind];
    row.className = kind;
    const parts = [`${sign} ${each.nickname}`, each.lesson.split("-")[0], `✓ ${each.checked}`];
    const since = each.since ?? each.blank;
    if (since) parts.push(minutes(since, now));
    text(row, parts.filter(Boolean).join(" · "));
  });
  const names = people.map(each => each.nickname);
  const list = find("forgotten");
  if ([...list.options].map(option => option.value).join("\n") === names.join("\n")) return;
  const chosen = list.value;
  list.replaceChildren(...names.map(name => new Option(name)));
  if (names.includes(chosen)) list.value = chosen;
}

function minutes(since, now) {
  const count = Math.max(0, Math.floor((now - since) / 60));
  return filled(words.minutes, { count });
}

function few(id, all) {
  const button = find(id);
  const count = all.length - SHOWN;
  button.hidden = count <= 0;
  text(button, whole.has(id) ? words.fewer : filled(words.more, { count }));
  return whole.has(id) ? all : all.slice(0, SHOWN);
}

export function onMore(redraw) {
  for (const id of ["more-mistakes", "more-stuck"]) {
    find(id).onclick = () => {
      if (!whole.delete(id)) whole.add(id);
      redraw();
    };
  }
}

// -- the document

function rows(id, emptyId, items, keyOf, make, update) {
  const list = find(id);
  if (emptyId) find(emptyId).hidden = items.length > 0;
  const there = new Map([...list.children].map(row => [row.dataset.key, row]));
  items.forEach((item, place) => {
    const key = keyOf(item);
    const row = there.get(key) ?? make(item);
    there.delete(key);
    row.dataset.key = key;
    update(row, item);
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
  for (const row of there.values()) row.remove();
}

function element(name, kind = "", said = "") {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.textContent = said;
  return made;
}

function text(place, said, write = () => { place.textContent = said; }) {
  if (place.dataset.said === String(said)) return; // a screen reader would begin it anew
  place.dataset.said = said;
  write(place);
}

function code(said) {
  return said.split("`").map((part, place) => place % 2 ? element("code", "", part) : part);
}
