// Socket.IO: a room, and an event for everybody in it. WebSocket only. Takes a port.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"] });

io.on("connection", (socket) => {
  socket.join("test");
  socket.on("chat", ({ message, message2 }) => {
    io.to("test").emit("chat", { type: "chat", message, message2 });
  });
});

http.listen(Number(process.argv[2]), "127.0.0.1");
