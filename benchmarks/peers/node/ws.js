// The ws library: its server's set of clients, and a loop that sends to each. Takes a port.

import { WebSocketServer, WebSocket } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  path: "/ws/socket-server/",
});

server.on("connection", (socket) => {
  socket.on("error", console.error);
  socket.on("message", (data) => {
    const { message, message2 } = JSON.parse(data);
    const text = JSON.stringify({ type: "chat", message, message2 });
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(text);
    }
  });
});
