/** The conformance body: the same calls in every runtime, answered as one JSON text. It knows nothing of where it runs. */

/** Calls without `now` are answered as of this instant, everywhere. */
const NOW = 1_780_000_000_000;

export function conformance(podpass, errors, vectors) {
  Date.now = () => NOW;
  const answers = vectors.map(([name, given]) => {
    try {
      const value = podpass[name](...given);
      return name === "explain" ? { value, markdown: podpass.reportToMarkdown(value) } : { value };
    } catch (error) {
      return { error: { ...error, name: error.name, code: error.code, message: error.message, known: podpass.isPodpassError(error) } };
    }
  });
  const { TokenExpiredError } = errors;
  return JSON.stringify({ answers, version: podpass.version(), oneSetOfClasses: TokenExpiredError === podpass.TokenExpiredError });
}
