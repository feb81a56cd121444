// A client by others (npm vtubestudio) talks to a VTube Studio on the port given, and prints as
// one JSON object what it understood. Errors are printed with their numbers.
"use strict";

const { ApiClient } = require("vtubestudio");
const WebSocket = require("ws");

const port = Number(process.argv[2]);
let token = process.argv[3] || null;
const seen = { events: [] };

const client = new ApiClient({
  authTokenGetter: () => token,
  authTokenSetter: async (given) => {
    token = given;
  },
  pluginName: "Somebody Else",
  pluginDeveloper: "Somebody",
  url: `ws://127.0.0.1:${port}`,
  webSocketFactory: (url) => new WebSocket(url),
});

async function refused(call) {
  try {
    await call();
    return null;
  } catch (fault) {
    return fault.data ? fault.data.errorID : String(fault);
  }
}

client.on("error", (fault) => {
  seen.fault = String(fault);
  console.error(fault);
});
client.on("connect", async () => {
  try {
    seen.state = await client.apiState();
    seen.statistics = await client.statistics();
    await client.events.hotkeyTriggered.subscribe((data) => seen.events.push(data), {});
    seen.created = await client.parameterCreation({
      parameterName: "JawOpen", explanation: "jaw", min: 0, max: 1, defaultValue: 0,
    });
    seen.inputs = await client.inputParameterList();
    await client.injectParameterData({
      faceFound: true, mode: "set",
      parameterValues: [{ id: "JawOpen", value: 0.5, weight: 0.25 }, { id: "MouthX", value: -1 }],
    });
    seen.hotkeys = await client.hotkeysInCurrentModel({});
    seen.triggered = await client.hotkeyTrigger({ hotkeyID: "smile" });
    seen.expressions = await client.expressionState({ details: false });
    await client.expressionActivation({ expressionFile: "sad.exp3.json", active: true, fadeTime: 0.5 });
    const inject = (rows, mode) => () =>
      client.injectParameterData({ mode, parameterValues: rows });
    const create = (parameterName) => () =>
      client.parameterCreation({ parameterName, explanation: "", min: 0, max: 1, defaultValue: 0 });
    seen.errors = [
      await refused(inject([])),
      await refused(inject([{ id: "JawOpen", value: 1e7 }])),
      await refused(inject([{ id: "JawOpen", value: 0, weight: 2 }])),
      await refused(inject([{ id: "Nothing", value: 0 }])),
      await refused(inject([{ id: "MouthOpen", value: 0 }])),
      await refused(inject([{ id: "JawOpen", value: 0 }], "mix")),
      await refused(create("no spaces")),
      await refused(create("MouthX")),
      await refused(create("Theirs")),
      await refused(() => client.hotkeyTrigger({ hotkeyID: "nothing" })),
      await refused(() => client.hotkeyTrigger({ hotkeyID: "id-smile" })),
      await refused(() => client.expressionActivation({ expressionFile: "no.exp3.json", active: true })),
    ];
    seen.token = token;
  } catch (fault) {
    seen.fault = String(fault);
  }
  process.stdout.write(JSON.stringify(seen) + "\n", () => process.exit(0));
});
setTimeout(() => {
  process.stdout.write(JSON.stringify({ fault: "timeout", ...seen }) + "\n", () => process.exit(1));
}, 20000);
