// Server-sent events, fed in pieces as they arrive: a piece may end in the middle of a line or of a CR LF pair.

export interface Sse { event: string; data: string; id: string }

export class SseParser {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private id = '';
  private skipLf = false;

  // Returns the events that this piece completes.
  feed(piece: string): Sse[] {
    const out: Sse[] = [];
    let text = piece;
    if (this.skipLf && text.startsWith('\n')) text = text.slice(1);
    if (piece !== '') this.skipLf = text.endsWith('\r');
    text = this.rest + text;
    let from = 0;
    for (let i = 0; i < text.length; ++i) {
      const c = text[i];
      if (c !== '\n' && c !== '\r') continue;
      this.line(text.slice(from, i), out);
      if (c === '\r' && text[i + 1] === '\n') ++i;
      from = i + 1;
    }
    this.rest = text.slice(from);
    return out;
  }

  private line(line: string, out: Sse[]): void {
    if (line === '') {
      if (this.data.length > 0) out.push({ event: this.event || 'message', data: this.data.join('\n'), id: this.id });
      this.event = '';
      this.data = [];
      return;
    }
    if (line.startsWith(':')) return; // a comment keeps the connection alive
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') this.event = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id') this.id = value;
  }
}
