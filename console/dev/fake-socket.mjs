// Just enough of RFC 6455 for the fake server: text frames, one fragment each, close.
import { createHash } from 'node:crypto';

export function accept(request, socket, protocol, onText) {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
  let buffer = Buffer.alloc(0);
  const link = {
    open: true,
    onClose: () => {},
    send(object) {
      if (!link.open) return;
      const body = Buffer.from(JSON.stringify(object));
      const head = body.length < 126 ? Buffer.from([0x81, body.length])
        : body.length < 65536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255])
          : (() => { const h = Buffer.alloc(10); h[0] = 0x81; h[1] = 127; h.writeBigUInt64BE(BigInt(body.length), 2); return h; })();
      socket.write(Buffer.concat([head, body]));
    },
    close() { socket.end(Buffer.from([0x88, 0])); },
  };
  socket.on('data', (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      if (buffer.length < 2) return;
      let length = buffer[1] & 127;
      let at = 2;
      if (length === 126) { if (buffer.length < 4) return; length = buffer.readUInt16BE(2); at = 4; }
      else if (length === 127) { if (buffer.length < 10) return; length = Number(buffer.readBigUInt64BE(2)); at = 10; }
      const mask = buffer.subarray(at, at + 4);
      if (buffer.length < at + 4 + length) return;
      const body = Buffer.from(buffer.subarray(at + 4, at + 4 + length));
      for (let i = 0; i < body.length; ++i) body[i] ^= mask[i & 3];
      const opcode = buffer[0] & 15;
      buffer = buffer.subarray(at + 4 + length);
      if (opcode === 8) { link.close(); return; }
      if (opcode === 1) onText(body.toString('utf8'), link);
    }
  });
  const gone = () => { if (link.open) { link.open = false; link.onClose(); } };
  socket.on('close', gone);
  socket.on('error', gone);
  return link;
}
