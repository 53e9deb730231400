// SPDX-License-Identifier: MIT
#pragma once

// How the program is stopped: SIGINT (Ctrl-C), SIGTERM and SIGHUP end long work early and cleanly.
// They are blocked in every thread, and one thread waits for them; there are no signal handlers. A
// handler's frame would be laid on the stack of whatever thread is interrupted, and oneDNN's
// generated kernels keep their stack pointer in the heap for a while: the frame would overwrite it.
namespace gibbon::eval::cli {

/// Blocks the signals in the calling thread and in those it starts. SIGHUP is left alone where it
/// is ignored: `nohup` means it. For .preinit_array, because libraries start threads before main().
void block_stop_signals();

/// Starts the thread that waits. The first signal sets `interrupted` and `stop_signal`; the next
/// one ends the program at once with 128 + its number. What comes within a fifth of a second is the
/// same wish: `timeout` and closing terminals tell both a process and its group.
void watch_stop_signals();

}  // namespace gibbon::eval::cli
