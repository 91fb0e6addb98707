// The page at /docs. One string: it needs nothing else from anywhere.
#include "edge/openapi.h"

namespace troupe::edge {

std::string_view docs_page() {
  static constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Troupe: every RPC</title>
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --accent: #b4572f; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; margin-bottom: 0; }
  h2 { margin: 2rem 0 .25rem; border-bottom: 2px solid var(--accent); }
  code, pre, textarea { font: 13px/1.45 ui-monospace, monospace; }
  details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  summary { cursor: pointer; display: flex; gap: .75rem; flex-wrap: wrap; align-items: baseline; }
  summary b { font-family: ui-monospace, monospace; }
  .tag { font-size: 12px; border: 1px solid var(--line); border-radius: 3px; padding: 0 .35rem; }
  table { border-collapse: collapse; margin: .5rem 0; }
  td, th { text-align: left; padding: .1rem 1rem .1rem 0; vertical-align: top; font-weight: normal; }
  textarea { width: 100%; min-height: 5rem; box-sizing: border-box; }
  pre { overflow: auto; max-height: 24rem; border: 1px solid var(--line); padding: .5rem; white-space: pre-wrap; }
  input { font: inherit; width: 100%; padding: .35rem; box-sizing: border-box; margin: 1rem 0; }
  button { font: inherit; padding: .2rem .8rem; }
  .dim { opacity: .7; }
</style>
</head>
<body>
<h1>Troupe</h1>
<p class="dim" id="about">Loading /openapi.json</p>
<input id="filter" type="search" placeholder="Filter methods" aria-label="Filter methods">
<main id="main"></main>
<script>
'use strict';
const el = (name, text, cls) => {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (cls) e.className = cls;
  return e;
};
let doc;
const named = (schema) => (schema && schema.$ref ? schema.$ref.split('/').pop() : '');
const find = (schema) => (named(schema) ? doc.components.schemas[named(schema)] : schema) || {};
function kind(schema) {
  if (named(schema)) return named(schema);
  if (schema.type === 'array') return kind(schema.items) + '[]';
  if (schema.additionalProperties) return 'map of ' + kind(schema.additionalProperties);
  if (schema.enum) return schema.enum.join(' | ');
  return schema.format || [].concat(schema.type || 'any').join(' or ');
}
function fields(title, schema, seen) {
  const box = el('div');
  const name = named(schema);
  box.append(el('div', title + ' ' + name, 'dim'));
  const properties = find(schema).properties || {};
  const table = el('table');
  const inner = [];
  for (const [field, type] of Object.entries(properties)) {
    const row = el('tr');
    const cell = el('td');
    cell.append(el('code', field));
    row.append(cell, el('td', kind(type)));
    table.append(row);
    const within = named(type) ? type : type.items && named(type.items) ? type.items : null;
    if (within && !seen.has(named(within))) inner.push(within);
  }
  if (!Object.keys(properties).length) table.append(el('tr', 'no fields'));
  box.append(table);
  for (const type of inner) {
    if (seen.has(named(type))) continue;
    seen.add(named(type));
    box.append(fields('', type, seen));
  }
  return box;
}
function example(schema, depth) {
  const out = {};
  for (const [field, type] of Object.entries(find(schema).properties || {})) {
    if (named(type)) { if (depth < 2) out[field] = example(type, depth + 1); continue; }
    const base = [].concat(type.type || 'object')[0];
    out[field] = { string: type.format ? 0 : type.enum ? type.enum[0] : '', integer: 0, number: 0, boolean: false, array: [], object: {} }[base];
  }
  return out;
}
function method(path, op) {
  const box = el('details');
  const head = el('summary');
  head.append(el('b', op.operationId), el('span', op.summary || ''));
  if (op['x-troupe-read-only']) head.append(el('span', 'also GET', 'tag'));
  box.append(head);
  box.addEventListener('toggle', () => {
    if (!box.open || box.dataset.done) return;
    box.dataset.done = '1';
    const request = op.requestBody.content['application/json'].schema;
    const reply = op.responses['200'].content['application/json'].schema;
    box.append(el('div', 'POST ' + path + ' for ' + op['x-troupe-roles'].join(', '), 'dim'));
    box.append(fields('request', request, new Set()), fields('reply', reply, new Set()));
    const body = el('textarea', JSON.stringify(example(request, 0), null, 2));
    body.setAttribute('aria-label', 'Request of ' + op.operationId);
    const send = el('button', 'Send');
    const out = el('pre');
    out.hidden = true;
    send.onclick = async () => {
      out.hidden = false;
      out.textContent = '...';
      try {
        const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body.value });
        const text = await answer.text();
        let shown = text;
        try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch (e) { shown = text; }
        out.textContent = answer.status + '\n' + shown;
      } catch (e) { out.textContent = String(e); }
    };
    box.append(body, send, out);
  });
  return box;
}
function show() {
  const wanted = document.getElementById('filter').value.toLowerCase();
  const main = document.getElementById('main');
  main.replaceChildren();
  for (const tag of doc.tags) {
    const ops = Object.entries(doc.paths).filter(([path, item]) => item.post && item.post.tags[0] === tag.name &&
      (item.post.operationId + item.post.summary).toLowerCase().includes(wanted));
    if (!ops.length) continue;
    main.append(el('h2', tag.name), el('p', tag.description, 'dim'));
    for (const [path, item] of ops) main.append(method(path, item.post));
  }
}
fetch('/openapi.json').then((r) => r.json()).then((d) => {
  doc = d;
  document.getElementById('about').textContent = 'Version ' + d.info.version + '. ' + d.info.description;
  document.getElementById('filter').oninput = show;
  show();
}).catch((e) => { document.getElementById('about').textContent = 'openapi.json did not load: ' + e; });
</script>
</body>
</html>
)html";
  return kPage;
}

}  // namespace troupe::edge
