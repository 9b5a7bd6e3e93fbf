/** How many random histories a test tries: `MODEL_RUNS`, or 60. More find what few do not. */
export const modelRuns = Number(process.env.MODEL_RUNS ?? 60);

/** Timeout of such a test, ms. */
export const modelTimeoutMs = modelRuns * 2_000;
