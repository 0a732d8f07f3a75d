/** Finds the route of a request. As on API Gateway, a literal segment wins over a parameter. */
export type Route = {
  method: string;
  /** A segment `{name}` is a parameter. */
  path: string;
  functionName: string;
  /** The authorizer's name; null for an open route. */
  authorizer: string | null;
};

export type RouteMatch = { route: Route; routeKey: string; pathParameters: Record<string, string> };
export type Router = (method: string, path: string) => RouteMatch | undefined;

type Candidate = { route: Route; segments: string[] };

const parameterName = (segment: string): string | undefined => /^\{(\w+)\}$/.exec(segment)?.[1];

const checked = (route: Route): Candidate => {
  const segments = route.path.split('/');
  const unknown = segments.find((segment) => segment.includes('{') && !parameterName(segment));
  if (unknown) throw new Error(`the local gateway does not support greedy parameters: ${route.path}`);
  return { route, segments };
};

const parametersOf = (pattern: string[], actual: string[]): Record<string, string> | undefined => {
  if (pattern.length !== actual.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const value = actual[index] ?? '';
    const name = parameterName(segment);
    if (name && value) parameters[name] = decodeURIComponent(value);
    else if (segment !== value) return undefined;
  }
  return parameters;
};

// Segment by segment from the left, literals before parameters.
const bySpecificity = (left: Candidate, right: Candidate): number => {
  const rank = ({ segments }: Candidate) =>
    segments.map((segment) => (parameterName(segment) ? 1 : 0)).join('');
  return rank(left).localeCompare(rank(right));
};

/**
 * Makes a router, which throws URIError for a parameter with invalid percent-encoding.
 * Throws at once for a route's path that it does not support.
 */
export const createRouter = (routes: Route[]): Router => {
  const candidates = routes.map(checked).sort(bySpecificity);
  return (method, path) => {
    const actual = path.split('/');
    for (const { route, segments } of candidates) {
      const pathParameters = route.method === method ? parametersOf(segments, actual) : undefined;
      if (pathParameters) return { route, routeKey: `${route.method} ${route.path}`, pathParameters };
    }
    return undefined;
  };
};
