#include "a.h"
TRACEPOINT_PROBE(sched, sched_switch) {}
int tracepoint__a__b(void *c);
