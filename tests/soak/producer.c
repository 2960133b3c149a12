/* SPDX-License-Identifier: Apache-2.0 */
#include "producer.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void rest(struct control *control, int self, uint32_t order)
{
	atomic_store(&control->producer[self].obeyed, order);
	while (atomic_load(&control->order) == order)
		usleep(200);
}

static void produce(struct control *control, int self)
{
	uint64_t calls = 0;

	atomic_store(&control->producer[self].ready, 1);
	for (;;) {
		uint32_t order = atomic_load_explicit(&control->order, memory_order_relaxed);

		if (order == ORDER_END)
			return;
		if (order % 2 == 0) {
			rest(control, self, order);
			continue;
		}
		syscall(SYS_getppid);
		atomic_store_explicit(&control->producer[self].calls, ++calls,
				      memory_order_relaxed);
	}
}

int main(int argc, char **argv)
{
	int count = argc == 4 ? atoi(argv[2]) : 0, cpu = argc == 4 ? atoi(argv[3]) : 0, self = 0;
	int fd = argc == 4 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	struct control *control;

	if (fd < 0 || count < 1 || count > PRODUCERS_MAX) {
		fprintf(stderr, "usage: %s FILE COUNT CPU\n", argv[0]);
		return 2;
	}
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		return 3;
	while (self + 1 < count) {
		pid_t pid = fork();

		if (pid < 0)
			return 3;
		if (pid)
			break;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		self++;
	}
	if (cpu >= 0)
		pin(cpu + self);
	produce(control, self);
	while (wait(NULL) > 0)
		;
	return 0;
}
