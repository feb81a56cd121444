// Decode VMC with npm's osc and print what it understood. Usage: decode.js PORT; ends when standard
// input closes. `decode.js PORT any` prints every message instead, whatever its address. Each argument's OSC type is kept, since receivers drop an i or d where an f is due.
"use strict";

const osc = require("osc");

const fresh = () => ({ bones: {}, values: {}, types: {} });
let frame = fresh();
let errors = 0;

const port = new osc.UDPPort({
  localAddress: "127.0.0.1",
  localPort: Number(process.argv[2]),
  metadata: true,
});

const any = process.argv[3] === "any";

port.on("message", (message) => {
  if (any) {
    process.stdout.write(JSON.stringify(message) + "\n");
    return;
  }
  const args = message.args.map((arg) => arg.value);
  frame.types[message.address] = message.args.map((arg) => arg.type).join("");
  switch (message.address) {
    case "/VMC/Ext/OK":
      frame.ok = args;
      break;
    case "/VMC/Ext/T":
      frame.time_s = args[0];
      break;
    case "/VMC/Ext/Root/Pos":
      frame.root = args.slice(1);
      break;
    case "/VMC/Ext/Bone/Pos":
      frame.bones[args[0]] = args.slice(1);
      break;
    case "/VMC/Ext/Set/Eye":
      frame.eye = args;
      break;
    case "/VMC/Ext/Blend/Val":
      frame.values[args[0]] = args[1];
      break;
    case "/VMC/Ext/Blend/Apply":
      process.stdout.write(JSON.stringify(frame) + "\n");
      frame = fresh();
      break;
    default:
      errors += 1;
      process.stderr.write(`unknown address ${message.address}\n`);
  }
});
port.on("error", (error) => {
  errors += 1;
  process.stderr.write(`${error}\n`);
});
port.on("ready", () => process.stdout.write("ready\n"));
process.stdin.resume();
process.stdin.on("end", () => {
  port.close();
  process.exitCode = errors ? 1 : 0;
});
port.open();
