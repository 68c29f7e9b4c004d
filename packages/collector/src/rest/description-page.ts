// The OpenAPI document as a page to read: HTML without scripts. Pure.

import type { JsonSchema, OpenApiDocument, OperationObject, ParameterObject } from '@pinhole/contract';
import { schemaHtml } from './description-schema.ts';
import { escaped } from './html.ts';

export const descriptionStyle = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --line: #d5dae0; --shade: #f5f7f9; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ec; --soft: #a0aab4; --paper: #14171a; --line: #343b42; --shade: #1c2125; --accent: #7cb7f5; }
}
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, sans-serif; }
header, main, nav { max-width: 60rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.7rem; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; }
h4 { font-size: .8rem; margin: 1rem 0 .25rem; color: var(--soft); text-transform: uppercase; letter-spacing: .04em; }
p { margin: .5rem 0; max-width: 45rem; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font: .87em/1.5 ui-monospace, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: 4px; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
nav h2 { font-size: 1rem; margin: 1rem 0 .25rem; }
nav ul { columns: 2 20rem; padding: 0; list-style: none; margin: .25rem 0 1rem; }
nav li { break-inside: avoid; padding: .1rem 0; }
section.operation { border: 1px solid var(--line); border-radius: 6px; margin: 0 0 1rem; padding: .8rem 1rem; }
section.operation > h3 { display: flex; flex-wrap: wrap; gap: .25rem .6rem; align-items: baseline; }
.method { font: 600 .8em ui-monospace, monospace; min-width: 4.2em; color: var(--accent); }
.summary { color: var(--soft); font-weight: 400; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line); }
th { font-weight: 400; width: 14rem; }
th .optional { color: var(--soft); font-size: .85em; }
td table { margin: .25rem 0; }
details { margin: .5rem 0; }
summary { cursor: pointer; }
.note { color: var(--soft); }
@media (max-width: 40rem) { th, td { display: block; width: auto; padding-right: 0; } td { border-top: 0; padding-top: 0; } }
`;

export function descriptionPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const ofTag = (tag: string) => operations.filter(({ operation }) => operation.tags.includes(tag));
  const { title, description } = document.info;
  const base = document.servers[0]?.url ?? '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} REST API</title>
<style>${descriptionStyle}</style>
</head>
<body>
<header>
<h1>${escaped(title)} REST API</h1>
<p>${escaped(description)}</p>
<p>Each request carries an API token. The collector makes the first one in its data folder, in the file <code>api-token</code>; more are made on the page.</p>
<pre>curl -H "Authorization: Bearer $TOKEN" https://collector.example${escaped(base)}/agents</pre>
<p>The same as an <a href="${escaped(base)}/openapi.json">OpenAPI document</a>, from which this page is made.</p>
</header>
<nav aria-label="Operations">
${document.tags.map(({ name }) => `<h2>${escaped(name)}</h2><ul>${ofTag(name).map(navItem).join('')}</ul>`).join('\n')}
<p><a href="#schemas">Schemas</a></p>
</nav>
<main>
${document.tags.map(({ name }) => `<h2>${escaped(name)}</h2>\n${ofTag(name).map(operationHtml).join('\n')}`).join('\n')}
<h2 id="schemas">Schemas</h2>
${Object.entries(document.components.schemas).map(namedSchema).join('\n')}
</main>
</body>
</html>
`;
}

interface Row {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}

function navItem({ path, method, operation }: Row): string {
  return `<li><a href="#${escaped(operation.operationId)}"><code>${method} ${escaped(path)}</code></a></li>`;
}

function operationHtml({ path, method, operation }: Row): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const request = requestBody?.content['application/json']?.schema;
  return `<section class="operation" id="${escaped(operationId)}">
<h3><span class="method">${method}</span> <code>${escaped(path)}</code> <span class="summary">${escaped(summary)}</span></h3>
${description === undefined ? '' : `<p>${inline(description)}</p>`}
${parameterTable(parameters)}
${request === undefined ? '' : `<details><summary>Request</summary>${schemaHtml(request)}</details>`}
<h4>Answers</h4>
<table>${Object.entries(responses)
    .map(([status, { description: what, content }]) => {
      const [type, media] = Object.entries(content ?? {})[0] ?? [];
      const body = media === undefined ? '' : `${schemaHtml(media.schema)} <span class="note">${type}</span>`;
      return `<tr><th scope="row"><code>${status}</code> ${escaped(what)}</th><td>${body}</td></tr>`;
    })
    .join('')}</table>
</section>`;
}

function parameterTable(parameters: readonly ParameterObject[]): string {
  const row = ({ name, in: where, required, schema, description = '', explode }: ParameterObject) =>
    `<tr><th scope="row"><code>${escaped(name)}</code> <span class="optional">${where}${required ? '' : ', optional'}</span></th><td>${schemaHtml(schema)}${explode === false ? ' <span class="note">comma-separated</span>' : ''} ${escaped(description)}</td></tr>`;
  return `<h4>Parameters</h4><table>${parameters.map(row).join('')}</table>`;
}

function namedSchema([name, schema]: [string, JsonSchema]): string {
  return `<details id="schema-${escaped(name)}"><summary><code>${escaped(name)}</code></summary>${schemaHtml(schema)}</details>`;
}

/** Words between backquotes are code. */
function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}
