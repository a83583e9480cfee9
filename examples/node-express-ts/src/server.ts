import express from "express";
import { roll } from "./dice.js";

const port = Number(process.env.PORT ?? 3000);
const app = express();
app.disable("x-powered-by");

app.get("/", (_request, response) => {
  response.json({ message: "hello from express", try: "/roll/2d6" });
});

app.get("/roll/:dice", (request, response) => {
  const result = roll(request.params.dice);
  if (result) {
    response.json(result);
  } else {
    response.status(400).json({ error: "write the dice as 2d6" });
  }
});

app.get("/healthz", (_request, response) => {
  response.json({ status: "ok" });
});

const server = app.listen(port, "0.0.0.0", (error) => {
  if (error) {
    throw error;
  }
  console.log(`listening on port ${port}`);
});

function shutDown(signal: NodeJS.Signals): void {
  console.log(`${signal}: closing`);
  server.close();
  setTimeout(() => server.closeAllConnections(), 3_000).unref();
}

process.once("SIGTERM", shutDown);
process.once("SIGINT", shutDown);
