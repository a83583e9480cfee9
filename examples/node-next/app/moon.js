const SYNODIC_MONTH = 29.530588853; // days
const NEW_MOON = Date.UTC(2000, 0, 6, 18, 14);
const PHASES = [
  "new moon",
  "waxing crescent",
  "first quarter",
  "waxing gibbous",
  "full moon",
  "waning gibbous",
  "last quarter",
  "waning crescent",
];

/** The moon's phase and its lit part, from 0 to 1, by its mean motion. */
export function moon(date) {
  const age = ((date - NEW_MOON) / 86_400_000 / SYNODIC_MONTH) % 1;
  return {
    phase: PHASES[Math.round(age * 8) % 8],
    lit: (1 - Math.cos(2 * Math.PI * age)) / 2,
  };
}
