/* tslint:disable */
/* eslint-disable */

/**
 * Bytes of any content, aligned to 64; address 0 if the memory is exhausted. Zeroing them would double the time that
 * it takes to make a model's memory.
 */
export function allocate(bytes: number): number;

/**
 * The number of words in the control block of a pool.
 */
export function controlWords(): number;

/**
 * Runs the program of `words` words at address `program` on the calling thread alone.
 * False if the words are no program.
 */
export function execute(program: number, words: number): boolean;

/**
 * Frees what [`allocate`] returned for the same number of bytes.
 */
export function release(address: number, bytes: number): void;

/**
 * Hands a program to threads 0 to `threads - 1` of a pool, which wait in [`work`]; the previous job must have ended.
 */
export function start(control: number, program: number, words: number, threads: number): void;

/**
 * Waits for this thread's next job and does its share. Returns once all threads have done the job;
 * false if the words were no program.
 */
export function work(control: number, thread: number): boolean;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly allocate: (a: number) => number;
    readonly controlWords: () => number;
    readonly execute: (a: number, b: number) => number;
    readonly release: (a: number, b: number) => void;
    readonly start: (a: number, b: number, c: number, d: number) => void;
    readonly work: (a: number, b: number) => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_thread_destroy: (a?: number, b?: number, c?: number) => void;
    readonly __wbindgen_start: (a: number) => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput, memory?: WebAssembly.Memory, thread_stack_size?: number }} module - Passing `SyncInitInput` directly is deprecated.
 * @param {WebAssembly.Memory} memory - Deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput, memory?: WebAssembly.Memory, thread_stack_size?: number } | SyncInitInput, memory?: WebAssembly.Memory): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput>, memory?: WebAssembly.Memory, thread_stack_size?: number }} module_or_path - Passing `InitInput` directly is deprecated.
 * @param {WebAssembly.Memory} memory - Deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput>, memory?: WebAssembly.Memory, thread_stack_size?: number } | InitInput | Promise<InitInput>, memory?: WebAssembly.Memory): Promise<InitOutput>;
