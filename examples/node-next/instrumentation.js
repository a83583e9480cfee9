/** Ends the server 3 s after SIGTERM even if a client keeps its connection open. */
export function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    process.once("SIGTERM", () => setTimeout(() => process.exit(), 3_000).unref());
  }
}
