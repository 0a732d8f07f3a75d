/** The recipients of the demo campaign, and their CSV file. */

const NAMES = ['Wanjiru', 'Otieno', 'Amina', '"Juma, the tall"', 'Njeri'];

/** The plan reports each one with its line, and the others go on. */
export const BAD_ROWS = ['0712345678,Local,home', '254700000001', '254700000002,Un"quoted,home'];

/** Phone numbers: `writers` wrote in, `stopped` wrote in and then sent STOP, `silent` never wrote. */
export type Crowd = { writers: string[]; silent: string[]; stopped: string[] };

/** `count` recipients: 3 % silent, 1 % stopped, the rest writers. */
export const crowdOf = (count: number): Crowd => {
  const all = Array.from({ length: count }, (_, n) => `2547${String(50_000_000 + n)}`);
  const [silent, stopped] = [Math.ceil(count * 0.03), Math.ceil(count * 0.01)];
  return {
    silent: all.slice(0, silent),
    stopped: all.slice(silent, silent + stopped),
    writers: all.slice(silent + stopped),
  };
};

/** The CSV file: all recipients, the bad rows, and one duplicate. */
export const fileOf = ({ writers, silent, stopped }: Crowd): string => {
  const rows = [...silent, ...stopped, ...writers].map((to, n) => `${to},${NAMES[n % NAMES.length]},home`);
  return ['to,name,package', ...rows, ...BAD_ROWS, `${writers[0]},Again,home`, ''].join('\r\n');
};
