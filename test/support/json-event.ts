/** Events as Lambda hands them over: parsed from JSON, so with a type that only the caller vouches for. */
export const jsonEvent = <Event>(value: object): Event => JSON.parse(JSON.stringify(value)) as Event;
