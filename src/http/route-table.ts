// Which route a request means: exact paths by one look-up, patterns (`:name` is one segment, `*` the rest) in turn after them.
import { GatewayError } from '../core/errors.ts';
import type { Route } from './routes.ts';

/** A route and what the placeholders of its path stood for; the rest behind `*` is called `rest`. */
export interface Match {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Place {
  readonly byMethod: Map<string, Match>;
  /** Null: an exact path. */
  readonly pattern: RegExp | null;
}

const longestParameter = 512;
const nothing: Readonly<Record<string, string>> = {};

export class RouteTable {
  readonly #exact = new Map<string, Place>();
  readonly #patterns: Place[] = [];

  /** Takes every route. HEAD is answered where GET is. */
  constructor(routes: readonly Route[]) {
    for (const route of routes) for (const path of route.paths) this.#add(route, path);
  }

  /** Takes a method and a path without query; returns the route. Throws route_unknown or method_not_allowed. */
  find(method: string, path: string): Match {
    const exact = this.#exact.get(path)?.byMethod.get(method);
    return exact ?? this.#search(method, path);
  }

  /** Takes a path; returns the methods it knows, none when there is no such path. */
  methods(path: string): readonly string[] {
    return [...(this.#placeOf(withoutTail(path))?.byMethod.keys() ?? [])];
  }

  #add(route: Route, path: string): void {
    const match = { route, parameters: nothing };
    const { byMethod } = this.#placeFor(path);
    byMethod.set(route.method, match);
    if (route.method === 'GET' && !byMethod.has('HEAD')) byMethod.set('HEAD', match);
  }

  #placeFor(path: string): Place {
    if (!/[:*]/.test(path)) {
      const place = this.#exact.get(path) ?? { byMethod: new Map(), pattern: null };
      this.#exact.set(path, place);
      return place;
    }
    const pattern = patternOf(path);
    const known = this.#patterns.find((place) => place.pattern?.source === pattern.source);
    const place = known ?? { byMethod: new Map(), pattern };
    if (known === undefined) this.#patterns.push(place);
    return place;
  }

  #placeOf(path: string): Place | undefined {
    return this.#exact.get(path) ?? this.#patterns.find(({ pattern }) => pattern?.test(path) === true);
  }

  #search(method: string, sent: string): Match {
    const path = withoutTail(sent);
    const place = this.#placeOf(path);
    if (place === undefined) throw new GatewayError('route_unknown', { message: `${method} ${shown(sent)}` });
    const match = place.byMethod.get(method);
    if (match === undefined) {
      const allowed = [...place.byMethod.keys()].join(', ');
      throw new GatewayError('method_not_allowed', { message: `${shown(sent)} takes ${allowed}, not ${method}` });
    }
    return place.pattern === null ? match : { route: match.route, parameters: parametersOf(place.pattern, path) };
  }
}

const shown = (path: string): string => path.slice(0, 256);

function withoutTail(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function patternOf(path: string): RegExp {
  const literal = path.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replace(/:(\w+)/g, '(?<$1>[^/]+)').replace('*', '(?<rest>.+)')}$`);
}

function parametersOf(pattern: RegExp, path: string): Record<string, string> {
  const groups = Object.entries(pattern.exec(path)?.groups ?? {});
  return Object.fromEntries(groups.map(([name, text]) => [name, decoded(text)]));
}

function decoded(text: string): string {
  try {
    const value = decodeURIComponent(text);
    if (value.length <= longestParameter) return value;
  } catch {
    // Percent signs that encode nothing: said below, like a name that is too long.
  }
  throw new GatewayError('route_unknown', { message: 'the path cannot be read, or a part of it is too long' });
}
