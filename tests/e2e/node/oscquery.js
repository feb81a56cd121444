// npm's oscquery against ours. Usage: oscquery.js serve NAME HTTP_PORT OSC_PORT | browse | read PORT.
// `serve` takes lines of JSON, {add: path, type: "f"} or {remove: path}, and announces itself (mDNS);
// `browse` prints every service that it hears of; `read` prints what the page at PORT declares.
"use strict";

const { OSCQueryServer, OSCQueryDiscovery, OSCTypeSimple, OSCQAccess } = require("oscquery");
const readline = require("node:readline");

const TYPES = {
  f: OSCTypeSimple.FLOAT,
  i: OSCTypeSimple.INT,
  T: OSCTypeSimple.TRUE,
  s: OSCTypeSimple.STRING,
};
const tell = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const shown = (service) => ({
  host: service.hostInfo,
  nodes: service.flat().map((node) => ({ path: node.full_path, access: node.access,
    types: (node.arguments || []).map((one) => one.type) })),
});

async function serve(name, httpPort, oscPort, quiet) {
  const server = new OSCQueryServer({ httpPort, bindAddress: "127.0.0.1", oscPort,
    oscQueryHostName: name, serviceName: name });
  if (quiet) {
    await new Promise((done) => server._server.listen(httpPort, "127.0.0.1", done));
  } else {
    await server.start();
  }
  tell("ready");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { add, type, remove, value } = JSON.parse(line);
    if (remove) {
      server.removeMethod(remove);
    } else {
      server.addMethod(add, { access: OSCQAccess.READWRITE, arguments: [{ type: TYPES[type] }] });
      server.setValue(add, 0, value ?? 0);
    }
    tell("done");
  }
  process.exit(0);
}

async function main() {
  const [what, ...rest] = process.argv.slice(2);
  if (what === "serve" || what === "serve-quietly") {
    await serve(rest[0], Number(rest[1]), Number(rest[2]), what === "serve-quietly");
    return;
  }
  const discovery = new OSCQueryDiscovery();
  if (what === "read") {
    tell(shown(await discovery.queryNewService("127.0.0.1", Number(rest[0]))));
    return;
  }
  discovery.on("up", (service) => tell(shown(service)));
  discovery.on("error", (error) => process.stderr.write(`${error}\n`));
  discovery.start();
  tell("ready");
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
}

main();
