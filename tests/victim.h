/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that does all that hosts do, again and again, until it is killed:
 *
 *   victim FILE WORKER CACHE PRODUCER CONTROL
 *
 * FILE, of the size of _Atomic uint32_t, tells what it is about to do: an enum stage. PRODUCER with
 * CONTROL is the command that it traces (soak/producer.h).
 */
#ifndef HOTPROBE_TESTS_VICTIM_H
#define HOTPROBE_TESTS_VICTIM_H

enum stage {
	STAGE_NONE,
	STAGE_COMPILE,
	STAGE_OPEN_CACHED,
	STAGE_LOAD,
	STAGE_START_COMMAND,
	STAGE_ATTACH,
	STAGE_RELEASE,
	STAGE_RUN,
	STAGE_LOAD_SUCCESSOR,
	STAGE_SUCCEED,
	STAGE_DETACH,
	STAGE_FREE,
	STAGES,
};

#endif
