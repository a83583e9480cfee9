import { useState } from "react";

const money = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

export function App() {
  const [bill, setBill] = useState(84);
  const [tip, setTip] = useState(10);
  const [people, setPeople] = useState(4);

  const share = (bill * (1 + tip / 100)) / people;

  return (
    <main>
      <h1>Split the bill</h1>
      <Field label="Bill" min={0} max={500} value={bill} onChange={setBill} />
      <Field label="Tip in %" min={0} max={30} value={tip} onChange={setTip} />
      <Field label="People" min={1} max={12} value={people} onChange={setPeople} />
      <p>
        Each pays <output>{money.format(share)}</output>
      </p>
    </main>
  );
}

function Field({ label, value, onChange, ...range }) {
  return (
    <label>
      {label}: {value}
      <input
        type="range"
        value={value}
        onChange={(event) => onChange(event.target.valueAsNumber)}
        {...range}
      />
    </label>
  );
}
