/** As much of the WebDriver protocol as it takes to open a page and read its title: Firefox of the distribution speaks nothing else. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";

/** Starts a driver, opens a browser, and hands over what can be asked of it. */
export async function firefox(driver, binary, use) {
  const port = await freePort();
  const child = spawn(driver, ["--port", String(port), "--log", "fatal"], { stdio: "ignore" });
  const ask = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { "content-type": "application/json" }, ...(body ? { body: JSON.stringify(body) } : {}) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  let session;
  try {
    await patiently(() => ask("GET", "/status"));
    const alwaysMatch = { browserName: "firefox", "moz:firefoxOptions": { binary, args: ["-headless"] } };
    session = (await ask("POST", "/session", { capabilities: { alwaysMatch } })).sessionId;
    return await use({
      open: (url) => ask("POST", `/session/${session}/url`, { url }),
      run: (script) => ask("POST", `/session/${session}/execute/sync`, { script, args: [] }),
    });
  } finally {
    if (session) await ask("DELETE", `/session/${session}`);
    child.kill();
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function patiently(ask) {
  for (let turn = 0; ; turn += 1) {
    try {
      return await ask();
    } catch (error) {
      if (turn === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
