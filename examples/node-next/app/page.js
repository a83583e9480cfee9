import { moon } from "./moon";

export const dynamic = "force-dynamic";

export default function Page() {
  const { phase, lit } = moon(new Date());
  return (
    <main>
      <p>hello from next</p>
      <h1>Tonight: {phase}</h1>
      <meter value={lit}>{Math.round(lit * 100)} % lit</meter>
    </main>
  );
}
