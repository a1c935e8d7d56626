/** The conformance body: the same calls in every runtime, answered as one JSON text. It knows nothing of where it runs. */

/** Calls without `now` are answered as of this instant, everywhere. */
const NOW = 1_780_000_000_000;
/** These exist with signatures checked by WebCrypto as well, and must answer the same. */
const ASYNCHRONOUS = ["verifyServiceAccountToken", "checkServiceAccountToken"];

export async function conformance(podpass, errors, jwks, vectors) {
  Date.now = () => NOW;
  const answers = [];
  for (const [name, given] of vectors) {
    const answer = await told(podpass, () => podpass[name](...given));
    if (name === "explain" && answer.value) answer.markdown = podpass.reportToMarkdown(answer.value);
    if (ASYNCHRONOUS.includes(name)) answer.webcrypto = await told(podpass, () => jwks[name](...given));
    answers.push(answer);
  }
  const oneSetOfClasses = errors.TokenExpiredError === podpass.TokenExpiredError;
  return JSON.stringify({ answers, version: podpass.version(), oneSetOfClasses });
}

async function told(podpass, call) {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: { ...error, name: error.name, code: error.code, message: error.message, known: podpass.isPodpassError(error) } };
  }
}
