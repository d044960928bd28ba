// Shows openapi.json: one section per operation, with its fields, its answers and a curl line.

const document_ = await (await fetch("openapi.json")).json();
const schemas = document_.components.schemas;

/** @param {string} name @param {...(Node|string)} children */
function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** @param {any} schema */
function resolved(schema) {
  return schema?.$ref ? schemas[schema.$ref.split("/").pop()] : schema;
}

/** @param {any} schema */
function typeOf(schema) {
  const choices = schema.anyOf ?? [schema];
  return choices.map((one) => one.$ref?.split("/").pop() ?? (one.items ? `list of ${typeOf(one.items)}` : one.type ?? "any")).join(" or ");
}

/** Rows of a message's fields; a field that is an object itself is followed by its own fields. */
function rows(schema, prefix = "", seen = new Set()) {
  const found = [];
  for (const [name, value] of Object.entries(schema?.properties ?? {})) {
    const required = schema.required?.includes(name) ? "required" : "";
    found.push([prefix + name, typeOf(value), required, value.description ?? ""]);
    const reference = (value.anyOf ?? [value]).find((one) => one.$ref)?.$ref;
    if (reference && !seen.has(reference)) {
      found.push(...rows(resolved({ $ref: reference }), `${prefix}${name}.`, new Set([...seen, reference])));
    }
  }
  return found;
}

function table(heads, lines) {
  const head = element("tr", ...heads.map((text) => element("th", text)));
  return element("table", element("thead", head), element("tbody", ...lines.map((line) => element("tr", ...line.map((cell) => element("td", cell))))));
}

function curl(path, method, operation) {
  const parts = [`curl ${location.origin}${path}`];
  if (operation.security) parts.push('-H "X-Vapi-Secret: $SECRET"');
  if (method === "post") parts.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify({ message: example(operation) })}'`);
  return parts.join(" \\\n  ");
}

function example(operation) {
  const schema = resolved(operation.requestBody.content["application/json"].schema.anyOf[0].properties.message.anyOf[0]);
  const given = {};
  for (const name of schema.required ?? []) given[name] = schema.properties[name].const ?? schema.properties[name].examples?.[0] ?? "Hello.";
  if (schema.properties.messages) given.messages = [{ role: "user", content: "Yes, please." }];
  return given;
}

function section(path, method, operation) {
  const summary = element("summary", Object.assign(element("span", method.toUpperCase()), { className: "method" }), element("code", path), " – ", operation.summary);
  const parts = [summary];
  if (operation.requestBody) {
    const schema = resolved(operation.requestBody.content["application/json"].schema.anyOf[0].properties.message.anyOf[0]);
    parts.push(element("h2", "Body: an object with these fields in “message”"), table(["field", "type", "", "meaning"], rows(schema)));
  }
  const answers = Object.entries(operation.responses).map(([status, reply]) => [status, Object.keys(reply.content ?? {}).join(", "), reply.description]);
  parts.push(element("h2", "Answers"), table(["status", "type", "meaning"], answers), element("h2", "Try it"), element("pre", curl(path, method, operation)));
  return Object.assign(element("details", ...parts), { open: method === "post" });
}

document.getElementById("summary").replaceChildren(
  `Version ${document_.info.version}. ${document_.info.description} `,
  Object.assign(element("a", "openapi.json"), { href: "openapi.json" }),
);
document.getElementById("operations").replaceChildren(
  ...Object.entries(document_.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => section(path, method, operation))),
);
