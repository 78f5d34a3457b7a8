// The teacher's page: what comes over its WebSocket is drawn, what the teacher sends goes back.

import { connect } from "./connection.js";
import { draw, hideNames, onMore } from "./drawing.js";
import { words, filled } from "./words.js";

const find = id => document.getElementById(id);
const status = find("connection");
const MOMENT = 4000;

let state = null;
let ahead = 0; // seconds by which the board's clock is ahead of this machine's

function tell(text, seconds) {
  status.textContent = text;
  clearTimeout(tell.timer);
  if (seconds) tell.timer = setTimeout(() => { status.textContent = ""; }, seconds);
}

function show() {
  if (state) draw(state, Date.now() / 1000 + ahead, write);
}

const send = connect("ws/page/", {
  opened: () => tell(""),
  lost: () => tell(words.away),
  refused: () => location.reload(), // this browser has to give the password again
  heard(frame) {
    if (frame.type === "hint-sent") tell(filled(words.hint_sent, frame), MOMENT);
    if (frame.type !== "state") return;
    state = frame;
    ahead = frame.now - Date.now() / 1000;
    show();
  },
});

setInterval(show, 10_000); // minutes go by
onMore(show);

// -- hints

let to = {};

function write(whom, said) {
  to = whom;
  find("hint-to").textContent = said;
  find("hint").returnValue = "";
  find("hint").showModal();
  find("hint-text").focus();
}

find("hint-all").onclick = () => write({}, words.to_all);
find("hint-cancel").onclick = () => find("hint").close();
find("hint").onclose = () => {
  if (find("hint").returnValue !== "send") return; // what was written stays, for another try
  const text = find("hint-text").value;
  if (!send({ type: "hint", text, ...to })) {
    tell(words.not_sent);
    return;
  }
  find("hint-text").value = "";
};
find("hint-text").onkeydown = event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    find("hint").querySelector("form").requestSubmit(find("hint").querySelector("[value=send]"));
  }
};

// -- the rest

find("copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText(find("join").textContent);
    tell(words.copied, MOMENT);
  } catch {
    getSelection().selectAllChildren(find("join")); // by hand, then
  }
};

const names = find("names");
if (names) {
  const choose = hidden => {
    names.setAttribute("aria-pressed", hidden);
    localStorage.setItem("class-board-names", hidden ? "hidden" : "shown");
    hideNames(hidden);
    show();
  };
  names.onclick = () => choose(names.getAttribute("aria-pressed") !== "true");
  choose(localStorage.getItem("class-board-names") === "hidden");

  find("forget").onsubmit = event => {
    event.preventDefault();
    const nickname = find("forgotten").value;
    if (nickname && confirm(filled(words.forget_sure, { nickname }))) send({ type: "forget", nickname });
  };
}
