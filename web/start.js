// Starts the page. The module is fetched and compiled once, for the page and for every worker; after that the
// page can reach nothing any more: a second policy forbids every connection, and workers made from a blob inherit it.

const problem = (text) => {
  const place = document.getElementById("start-problem");
  if (place) {
    place.textContent = text;
    place.hidden = false;
  }
};

const fetched = async (name) => {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: the server answered ${answer.status}`);
  return answer;
};

// `compileStreaming` wants the type application/wasm, which not every file server sends.
const compiled = async () => WebAssembly.compile(await (await fetched("podpass-web_bg.wasm")).arrayBuffer());

// What stands below the glue in the worker: the module first, then requests.
const bootstrap = `
self.onmessage = ({ data }) => {
  if (data instanceof WebAssembly.Module) initSync({ module: data });
  else {
    const begin = performance.now();
    const report = explain(data[1]);
    self.postMessage([data[0], report, performance.now() - begin]);
  }
};
`;

const forbidConnections = () => {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "connect-src 'none'";
  document.head.append(policy);
};

const workerAddress = (source) => {
  const url = URL.createObjectURL(new Blob([source, bootstrap], { type: "text/javascript" }));
  const policy = globalThis.trustedTypes?.createPolicy("podpass", {
    createScriptURL: (text) => {
      if (text !== url) throw new TypeError("only the engine's worker may be started");
      return text;
    },
  });
  return policy ? policy.createScriptURL(url) : url;
};

const start = async () => {
  if (typeof WebAssembly !== "object") {
    problem("WebAssembly is switched off in this browser (some set it off in a strict or lockdown mode). podpass needs it.");
    return;
  }
  const [module, source, glue] = await Promise.all([
    compiled(),
    fetched("podpass-web.js").then((answer) => answer.text()),
    import("./podpass-web.js"),
  ]);
  forbidConnections();
  const address = workerAddress(source);
  globalThis.podpass = {
    startWorker: () => {
      const worker = new Worker(address, { type: "module", name: "podpass engine" });
      worker.postMessage(module);
      return worker;
    },
  };
  glue.initSync({ module });
};

start().catch((error) => problem(`podpass could not start: ${error.message}. If the message speaks of a policy, WebAssembly is blocked here.`));
