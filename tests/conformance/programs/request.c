/* SPDX-License-Identifier: Apache-2.0 */
/* Block requests: flags that are made of enumerators, a key that holds a disk name. */
#include <uapi/linux/ptrace.h>
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/bio.h>
typedef struct disk_key {
	char disk[DISK_NAME_LEN];
	u64 slot;
} disk_key_t;
BPF_HASH(start, struct request *);
BPF_HISTOGRAM(dist, disk_key_t);
int trace_start(struct pt_regs *ctx, struct request *req)
{
	u64 ts = bpf_ktime_get_ns();
	start.update(&req, &ts);
	return 0;
}
int trace_done(struct pt_regs *ctx, struct request *req)
{
	u64 *tsp = start.lookup(&req);
	if (!tsp)
		return 0;
	disk_key_t key = {.slot = bpf_log2l(bpf_ktime_get_ns() - *tsp)};
	struct gendisk *disk = req->q->disk;
	bpf_probe_read_kernel(&key.disk, sizeof(key.disk), disk->disk_name);
	if ((req->cmd_flags & REQ_OP_MASK) == REQ_OP_WRITE || req->cmd_flags & REQ_SYNC)
		dist.increment(key);
	struct bio *bio = req->bio;
	if ((bio->bi_opf & REQ_OP_MASK) == REQ_OP_READ && bio->bi_iter.bi_size > 512)
		return 0;
	bpf_trace_printk("%d %d\n", req->__data_len, req->__data_len >> SECTOR_SHIFT);
	start.delete(&req);
	return 0;
}
