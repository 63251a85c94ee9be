/* tslint:disable */
/* eslint-disable */

/**
 * Zeroed bytes, aligned to 64; 0 where the memory is exhausted.
 */
export function allocate(bytes: number): number;

/**
 * Words that the control block shared with the workers takes.
 */
export function controlWords(): number;

/**
 * The number of the last job, from which a new worker starts to wait.
 */
export function currentJob(control: number): number;

/**
 * Runs the program of `words` words at address `program`: thread 0 here, the others in [`work`].
 * False where the words are no program.
 */
export function execute(control: number, program: number, words: number, threads: number, may_sleep: boolean): boolean;

/**
 * Gives back what [`allocate`] returned for as many bytes.
 */
export function release(address: number, bytes: number): void;

/**
 * A worker's life: takes its share of every job in which it takes part. It never returns; the worker
 * is ended from outside.
 */
export function work(control: number, thread: number, last: number): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly allocate: (a: number) => number;
    readonly controlWords: () => number;
    readonly currentJob: (a: number) => number;
    readonly execute: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly release: (a: number, b: number) => void;
    readonly work: (a: number, b: number, c: number) => void;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
