import express from "express";

const port = Number(process.env.PORT ?? 3000);
const apiUrl = process.env.API_URL ?? "http://localhost:8080";

const app = express();
app.disable("x-powered-by");

app.get("/", async (_request, response) => {
  response.send(page(await tides()));
});

app.get("/healthz", (_request, response) => {
  response.json({ status: "ok" });
});

/** The next high tides, or none while the API cannot be reached. */
async function tides() {
  try {
    const answer = await fetch(new URL("/tides", apiUrl), { signal: AbortSignal.timeout(2_000) });
    const { high } = await answer.json();
    return high.map((time) => new Date(time));
  } catch (error) {
    console.warn(`tides are not to be had: ${error.message}`);
    return [];
  }
}

function page(tides) {
  const items = tides.map((tide) => `<li><time datetime="${tide.toISOString()}">${tide.toUTCString()}</time></li>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tides</title>
<h1>Next high tides</h1>
${items.length > 0 ? `<ul>${items.join("")}</ul>` : "<p>No tides now: try again soon.</p>"}
</html>
`;
}

const server = app.listen(port, "0.0.0.0", (error) => {
  if (error) {
    throw error;
  }
  console.log(`listening on port ${port}`);
});

function shutDown(signal) {
  console.log(`${signal}: closing`);
  server.close();
  setTimeout(() => server.closeAllConnections(), 3_000).unref();
}

process.once("SIGTERM", shutDown);
process.once("SIGINT", shutDown);
