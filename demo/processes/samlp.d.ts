/** What `samlp-provider.ts` uses of samlp, which comes without types. */
declare module "samlp" {
  interface Request {
    readonly method: string;
    readonly query: Readonly<Record<string, string>>;
    readonly body: Readonly<Record<string, string>>;
    /** Handed to the profile mapper. */
    readonly user?: object;
  }

  interface Response {
    set(name: string, value: string): void;
    /** A page, or a status. */
    send(body: number | string): void;
    /** Used by logouts alone. */
    redirect?(location: string): void;
  }

  type Handler<R> = (request: R, response: Response, next: (error: unknown) => void) => void;

  interface Options {
    readonly issuer: string;
    readonly cert: string;
    readonly key: string;
  }

  interface AuthOptions extends Options {
    readonly audience: string;
    readonly recipient: string;
    readonly destination: string;
    readonly RelayState: string;
    readonly signResponse: boolean;
    readonly signAssertion: boolean;
    readonly nameIdentifierFormat: string;
    readonly lifetimeInSeconds: number;
    readonly authnContextClassRef: string;
    readonly sessionIndex: string;
    readonly getPostURL: (
      audience: string,
      dom: unknown,
      request: Request,
      done: (error: null, url: string) => void,
    ) => void;
    readonly profileMapper?: (user: object) => ProfileMapper;
  }

  interface ProfileMapper {
    getClaims(): object;
    getNameIdentifier(): object;
  }

  interface ErrorOptions extends Options {
    readonly destination: string;
    readonly inResponseTo: string;
    readonly RelayState: string;
    readonly signResponse: boolean;
    readonly signatureAlgorithm: string;
    readonly digestAlgorithm: string;
    readonly error: { readonly code: string; readonly description: string };
    readonly getPostURL: (request: Request, done: (error: null, url: string) => void) => void;
  }

  interface MetadataOptions extends Options {
    readonly redirectEndpointPath: string;
    readonly postEndpointPath: string;
    readonly logoutEndpointPaths: object;
  }

  /** A session of a service's that a logout is about. */
  interface Participant {
    readonly serviceProviderId: string;
    readonly serviceProviderLogoutURL: string;
    readonly cert: string;
    readonly nameId: string;
    readonly nameIdFormat: string;
    readonly sessionIndex: string;
    binding?: string;
  }

  type Found = (error: null, participant?: Participant) => void;
  type Loaded = (error: null, state?: unknown) => void;

  interface LogoutOptions extends Options {
    readonly deflate: boolean;
    readonly protocolBinding: string;
    readonly sessionParticipants: {
      hasElements(): boolean;
      getFirst(done: Found): void;
      get(issuer: string, sessionIndex: string | readonly string[], nameId: string, done: Found): void;
      remove(issuer: string, sessionIndex: string, nameId: string, done: Found): void;
    };
    readonly store: {
      save(request: Request, state: unknown, done: (error: null, id: string) => void): void;
      load(request: Request, id: string, options: { readonly destroy: boolean } | Loaded, done?: Loaded): void;
      update(request: Request, id: string, state: unknown, done: (error: null) => void): void;
    };
  }

  interface MetadataRequest {
    readonly headers: Readonly<Record<string, string>>;
    readonly protocol: string;
  }

  interface ParsedRequest {
    readonly id: string;
    readonly issuer: string;
  }

  export function auth(options: AuthOptions): Handler<Request>;
  export function logout(options: LogoutOptions): Handler<Request>;
  export function sendError(options: ErrorOptions): Handler<Request>;
  export function metadata(options: MetadataOptions): Handler<MetadataRequest>;
  export function parseRequest(request: Request, done: (error: unknown, parsed?: ParsedRequest) => void): void;
}
