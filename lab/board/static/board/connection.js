// The page's WebSocket: it comes back by itself, and then the board tells the whole state anew.

const FIRST_PAUSE = 500, LONGEST_PAUSE = 5000;
const NOT_THE_TEACHER = 4403;

export function connect(path, { opened, lost, refused, heard }) {
  const place = new URL(path, location.href);
  place.protocol = place.protocol.replace("http", "ws");
  let socket, pause = FIRST_PAUSE, timer;

  function open() {
    clearTimeout(timer);
    socket = new WebSocket(place);
    socket.onopen = () => { pause = FIRST_PAUSE; opened(); };
    socket.onmessage = event => heard(JSON.parse(event.data));
    socket.onclose = event => {
      if (event.code === NOT_THE_TEACHER) return refused();
      lost();
      timer = setTimeout(open, pause * (0.7 + 0.6 * Math.random()));
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    };
  }

  addEventListener("online", () => { if (socket.readyState === WebSocket.CLOSED) open(); });
  open();

  return frame => {
    const isOpen = socket.readyState === WebSocket.OPEN;
    if (isOpen) socket.send(JSON.stringify(frame));
    return isOpen;
  };
}
