import { randomInt } from "node:crypto";

export interface Roll {
  dice: string;
  rolls: number[];
  total: number;
}

/** Rolls dice in the usual notation, such as "2d6"; undefined if it is not one. */
export function roll(dice: string): Roll | undefined {
  const match = /^([1-9]\d?)d([1-9]\d{0,2})$/.exec(dice);
  if (!match) {
    return undefined;
  }

  const [, count, sides] = match.map(Number) as [number, number, number];
  const rolls = Array.from({ length: count }, () => randomInt(1, sides + 1));
  return { dice, rolls, total: rolls.reduce((sum, value) => sum + value, 0) };
}
