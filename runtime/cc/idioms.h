/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kernel headers define as macros and inline functions, as far as BPF programs use it.
 *
 * This file is not compiled: the compiler process carries its text, and copies the parts that a
 * program needs into the header tree (headers_macros.c). A part is a #define, an #if with its
 * #endif, or else what ends at an empty line. It is copied if a word of the program is one that
 * it defines, and brings its own words in: types from BTF, constants of the user-space API,
 * other parts. It is left out where the program, libbcc or BTF have something of that name.
 * The first part is always there.
 *
 * In an #if, HOTPROBE_HAS_FIELD(struct, member), HOTPROBE_HAS_TYPE(struct) and
 * HOTPROBE_HAS_ENUMERATOR(name) ask the kernel's BTF; HOTPROBE_FIELD_SIZE(struct, member) is the
 * size in bytes, 0 without such a member. What BTF can't tell is decided by the version.
 *
 * What takes a number is a function where it can be: libbcc turns x->y in an argument of a
 * function into a read of kernel memory, in an argument of a macro it does not.
 */

/* What libbcc's own headers take for granted. */
typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __s8 s8;
typedef __u8 u8;
typedef __s16 s16;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef __u16 __le16;
typedef __u16 __be16;
typedef __u32 __le32;
typedef __u32 __be32;
typedef __u64 __le64;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef __SIZE_TYPE__ size_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#define __user
#define __kernel
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define HOTPROBE_HAS_FIELD(type, field) (HOTPROBE_FIELD_##type##__##field != 0)
#define HOTPROBE_FIELD_SIZE(type, field) HOTPROBE_FIELD_##type##__##field
#define HOTPROBE_HAS_TYPE(type) (HOTPROBE_TYPE_##type != 0)
#define HOTPROBE_HAS_ENUMERATOR(name) (HOTPROBE_ENUMERATOR_##name != 0)

/* ---- Annotations --------------------------------------------------------------------------- */

#define __iomem
#define __rcu
#define __percpu
#define __force
#define __bitwise
#define __must_check
#define __safe
#define __init
#define __exit
#define __read_mostly
#define __randomize_layout
#define __ro_after_init
#define __sched
#define __kprobes
#define asmlinkage
#define notrace
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define __always_inline inline __attribute__((always_inline))
#define noinline __attribute__((noinline))
#define __noinline __attribute__((noinline))
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __used __attribute__((used))
#define __weak __attribute__((weak))
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __section(name) __attribute__((section(name)))
#define ____cacheline_aligned __attribute__((aligned(64)))
#define ____cacheline_aligned_in_smp __attribute__((aligned(64)))
#define fallthrough __attribute__((fallthrough))

/* ---- The language -------------------------------------------------------------------------- */

#define offsetof(type, member) __builtin_offsetof(type, member)
#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define FIELD_SIZEOF(type, member) sizeof(((type *)0)->member)
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(ptr, type, member) list_entry((ptr)->next, type, member)
#define list_next_entry(pos, member) list_entry((pos)->member.next, typeof(*(pos)), member)
#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
#define rb_entry(ptr, type, member) container_of(ptr, type, member)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() asm volatile("" : : : "memory")
#define barrier_var(var) asm volatile("" : "+r"(var))
#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, value) ((x) = (value))
#define ACCESS_ONCE(x) (x)
#define smp_load_acquire(p) (*(p))
#define rcu_dereference(p) (p)
#define rcu_access_pointer(p) (p)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The result is kept in one register: else the compiler compares a copy and uses the original,
   and the verifier sees no bound. */

#define min(a, b) HOTPROBE_CHOOSE(<, a, b)
#define max(a, b) HOTPROBE_CHOOSE(>, a, b)
#define HOTPROBE_CHOOSE(op, a, b)                                                                  \
	({                                                                                         \
		typeof(a) __choose_a = (a);                                                        \
		typeof(b) __choose_b = (b);                                                        \
		typeof(__choose_a + __choose_b) __choose =                                         \
			__choose_a op __choose_b ? __choose_a : __choose_b;                        \
		if (!__builtin_constant_p(__choose))                                               \
			asm volatile("" : "+r"(__choose));                                         \
		__choose;                                                                          \
	})

#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp(value, low, high) min(max(value, low), high)

#define swap(a, b)                                                                                 \
	do {                                                                                       \
		typeof(a) __swap = (a);                                                            \
		(a) = (b);                                                                         \
		(b) = __swap;                                                                      \
	} while (0)

#define ALIGN(x, a) (((x) + ((typeof(x))(a)-1)) & ~((typeof(x))(a)-1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a)-1)) == 0)
#define round_up(x, y) ((((x)-1) | ((typeof(x))(y)-1)) + 1)
#define round_down(x, y) ((x) & ~((typeof(x))(y)-1))
#define roundup(x, y) ((((x) + ((y)-1)) / (y)) * (y))
#define rounddown(x, y) ((x) - (x) % (y))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

#define do_div(n, base)                                                                            \
	({                                                                                         \
		unsigned __do_div_base = (base);                                                   \
		unsigned __do_div_rest = (u64)(n) % __do_div_base;                                 \
		(n) = (u64)(n) / __do_div_base;                                                    \
		__do_div_rest;                                                                     \
	})

static inline __attribute__((always_inline)) u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline __attribute__((always_inline)) u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define BITS_PER_BYTE 8
#define BITS_PER_LONG (8 * (int)sizeof(long))
#define BITS_TO_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)
#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (8 * sizeof(long) - 1 - (high))))
#define GENMASK_ULL(high, low) ((~0ULL << (low)) & (~0ULL >> (63 - (high))))
#define upper_32_bits(n) ((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n) ((u32)((n)&0xffffffff))
static inline __attribute__((always_inline)) int ilog2(u64 n)
{
	return 63 - __builtin_clzll(n);
}

static inline __attribute__((always_inline)) bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

#define roundup_pow_of_two(n) ((n) <= 1 ? 1UL : 1UL << (64 - __builtin_clzll((n)-1)))
#define rounddown_pow_of_two(n) (1UL << (63 - __builtin_clzll(n)))
#define __stringify_1(x...) #x
#define __stringify(x...) __stringify_1(x)
#define __CONCAT(a, b) a##b
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#ifndef HOTPROBE_ONE_1
#define HOTPROBE_ONE_1 0,
#define HOTPROBE_SECOND_(ignored, value, ...) value
#define HOTPROBE_SECOND(one) HOTPROBE_SECOND_(one 1, 0)
#define HOTPROBE_IS_ONE_(value) HOTPROBE_SECOND(HOTPROBE_ONE_##value)
#define HOTPROBE_IS_ONE(value) HOTPROBE_IS_ONE_(value)
#define IS_BUILTIN(option) HOTPROBE_IS_ONE(option)
#define IS_MODULE(option) HOTPROBE_IS_ONE(option##_MODULE)
#define IS_ENABLED(option) (IS_BUILTIN(option) || IS_MODULE(option))
#define IS_REACHABLE(option) IS_ENABLED(option)
#endif

#define MAX_ERRNO 4095

static inline __attribute__((always_inline)) bool IS_ERR(const void *ptr)
{
	return (unsigned long)ptr >= (unsigned long)-4095;
}

static inline __attribute__((always_inline)) bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || (unsigned long)ptr >= (unsigned long)-4095;
}

static inline __attribute__((always_inline)) long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

#define IS_ERR_VALUE(x) IS_ERR((void *)(x))
#define ERR_PTR(error) ((void *)(long)(error))
#define memcpy(to, from, size) __builtin_memcpy(to, from, size)
#define memmove(to, from, size) __builtin_memmove(to, from, size)
#define memset(to, value, size) __builtin_memset(to, value, size)
#define memcmp(a, b, size) __builtin_memcmp(a, b, size)
#define strlen(string) __builtin_strlen(string)
#define strcmp(a, b) __builtin_strcmp(a, b)

/* ---- Limits and units ---------------------------------------------------------------------- */

#define U8_MAX ((u8)~0U)
#define S8_MAX ((s8)(U8_MAX >> 1))
#define U16_MAX ((u16)~0U)
#define S16_MAX ((s16)(U16_MAX >> 1))
#define U32_MAX ((u32)~0U)
#define S32_MAX ((s32)(U32_MAX >> 1))
#define U64_MAX ((u64)~0ULL)
#define S64_MAX ((s64)(U64_MAX >> 1))
#define S64_MIN ((s64)(-S64_MAX - 1))
#define S32_MIN ((s32)(-S32_MAX - 1))
#define CHAR_BIT 8
#define SHRT_MAX ((short)(~0U >> 17))
#define USHRT_MAX ((unsigned short)~0U)
#define INT_MAX ((int)(~0U >> 1))
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX (~0U)
#define LONG_MAX ((long)(~0UL >> 1))
#define LONG_MIN (-LONG_MAX - 1)
#define ULONG_MAX (~0UL)
#define LLONG_MAX ((long long)(~0ULL >> 1))
#define ULLONG_MAX (~0ULL)
#define SIZE_MAX (~(size_t)0)
#define UINT8_MAX 255
#define UINT16_MAX 65535
#define INT32_MAX 2147483647
#define UINT32_MAX 4294967295U
#define INT64_MAX 9223372036854775807LL
#define UINT64_MAX 18446744073709551615ULL
#define HZ CONFIG_HZ
#define NR_CPUS CONFIG_NR_CPUS
#define NSEC_PER_USEC 1000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC 1000000000L
#define USEC_PER_MSEC 1000L
#define USEC_PER_SEC 1000000L
#define MSEC_PER_SEC 1000L
#define KTIME_MAX ((s64) ~((u64)1 << 63))

/* ---- Memory -------------------------------------------------------------------------------- */

#ifdef __aarch64__
#define PAGE_SHIFT \
	(IS_ENABLED(CONFIG_ARM64_64K_PAGES) ? 16 : IS_ENABLED(CONFIG_ARM64_16K_PAGES) ? 14 : 12)
#else
#define PAGE_SHIFT 12
#endif

#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PFN_UP(x) (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)
#define PFN_PHYS(x) ((u64)(x) << PAGE_SHIFT)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)

/* The lowest address that is the kernel's. */

#ifdef __x86_64__
#define __PAGE_OFFSET_BASE_L4 0xffff888000000000UL
#define __PAGE_OFFSET_BASE_L5 0xff11000000000000UL
#define PAGE_OFFSET __PAGE_OFFSET_BASE_L4
#elif defined(__aarch64__)
#define PAGE_OFFSET (-(1UL << CONFIG_ARM64_VA_BITS))
#endif

#define VM_NONE 0UL
#define VM_READ 0x1UL
#define VM_WRITE 0x2UL
#define VM_EXEC 0x4UL
#define VM_SHARED 0x8UL
#define VM_MAYREAD 0x10UL
#define VM_MAYWRITE 0x20UL
#define VM_MAYEXEC 0x40UL
#define VM_MAYSHARE 0x80UL
#define VM_GROWSDOWN 0x100UL
#define VM_PFNMAP 0x400UL
#define VM_LOCKED 0x2000UL
#define VM_IO 0x4000UL
#define VM_SEQ_READ 0x8000UL
#define VM_RAND_READ 0x10000UL
#define VM_DONTCOPY 0x20000UL
#define VM_DONTEXPAND 0x40000UL
#define VM_ACCOUNT 0x100000UL
#define VM_NORESERVE 0x200000UL
#define VM_HUGETLB 0x400000UL
#define VM_HUGEPAGE 0x20000000UL
#define VM_NOHUGEPAGE 0x40000000UL
#define VM_MERGEABLE 0x80000000UL

#define NUMA_NO_NODE (-1)

/* ---- Byte order ---------------------------------------------------------------------------- */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __LITTLE_ENDIAN_BITFIELD
#endif

#define __LITTLE_ENDIAN 1234
#define __BIG_ENDIAN 4321
/* What is mostly given a constant is a constant expression, good for a case. */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOTPROBE_BIG(bits, x) __builtin_bswap##bits(x)
#else
#define HOTPROBE_BIG(bits, x) ((u##bits)(x))
#endif

#define htons(x) HOTPROBE_BIG(16, x)
#define htonl(x) HOTPROBE_BIG(32, x)
#define cpu_to_be16(x) HOTPROBE_BIG(16, x)
#define cpu_to_be32(x) HOTPROBE_BIG(32, x)
#define cpu_to_be64(x) HOTPROBE_BIG(64, x)

static inline __attribute__((always_inline)) u16 ntohs(u16 x)
{
	return HOTPROBE_BIG(16, x);
}

static inline __attribute__((always_inline)) u32 ntohl(u32 x)
{
	return HOTPROBE_BIG(32, x);
}

static inline __attribute__((always_inline)) u16 be16_to_cpu(u16 x)
{
	return HOTPROBE_BIG(16, x);
}

static inline __attribute__((always_inline)) u32 be32_to_cpu(u32 x)
{
	return HOTPROBE_BIG(32, x);
}

static inline __attribute__((always_inline)) u64 be64_to_cpu(u64 x)
{
	return HOTPROBE_BIG(64, x);
}

#define __be16_to_cpu(x) be16_to_cpu(x)
#define __be32_to_cpu(x) be32_to_cpu(x)
#define __be64_to_cpu(x) be64_to_cpu(x)
#define __cpu_to_be16(x) cpu_to_be16(x)
#define __cpu_to_be32(x) cpu_to_be32(x)
#define __cpu_to_be64(x) cpu_to_be64(x)
#define __constant_htons(x) HOTPROBE_BIG(16, x)
#define __constant_ntohs(x) HOTPROBE_BIG(16, x)
#define __constant_htonl(x) HOTPROBE_BIG(32, x)
#define __constant_ntohl(x) HOTPROBE_BIG(32, x)
#define swab16(x) __builtin_bswap16(x)
#define swab32(x) __builtin_bswap32(x)
#define swab64(x) __builtin_bswap64(x)
static inline __attribute__((always_inline)) u16 le16_to_cpu(__le16 x)
{
	return x;
}

static inline __attribute__((always_inline)) u32 le32_to_cpu(__le32 x)
{
	return x;
}

static inline __attribute__((always_inline)) u64 le64_to_cpu(__le64 x)
{
	return x;
}

#define cpu_to_le16(x) ((__le16)(x))
#define cpu_to_le32(x) ((__le32)(x))
#define cpu_to_le64(x) ((__le64)(x))

/* ---- Counters ------------------------------------------------------------------------------ */

#define atomic_read(v) ((v)->counter)
#define atomic64_read(v) ((v)->counter)
#define atomic_long_read(v) ((v)->counter)
#define local_read(v) ((v)->a.counter)
#define refcount_read(r) ((r)->refs.counter)
#define kref_read(k) ((k)->refcount.refs.counter)
#define list_empty(head) ((head)->next == (head))
#define hlist_empty(head) (!(head)->first)
static inline __attribute__((always_inline)) s64 ktime_to_ns(s64 time)
{
	return time;
}

static inline __attribute__((always_inline)) s64 ktime_to_us(s64 time)
{
	return time / 1000;
}

static inline __attribute__((always_inline)) s64 ktime_to_ms(s64 time)
{
	return time / 1000000;
}

static inline __attribute__((always_inline)) unsigned int jiffies_to_msecs(unsigned long jiffies)
{
	return jiffies * (1000 / HZ);
}

#define ns_to_ktime(ns) (ns)
#define ktime_sub(a, b) ((a) - (b))

/* ---- Tasks --------------------------------------------------------------------------------- */

#define TASK_COMM_LEN 16
#define TASK_RUNNING 0
#define TASK_INTERRUPTIBLE 1
#define TASK_UNINTERRUPTIBLE 2
#define __TASK_STOPPED 4
#define __TASK_TRACED 8
#define EXIT_DEAD 16
#define EXIT_ZOMBIE 32
#define EXIT_TRACE (EXIT_ZOMBIE | EXIT_DEAD)

#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 14, 0)
#define TASK_PARKED 0x40
#define TASK_DEAD 0x80
#define TASK_WAKEKILL 0x100
#define TASK_WAKING 0x200
#define TASK_NOLOAD 0x400
#define TASK_NEW 0x800
#else
#define TASK_DEAD 64
#define TASK_WAKEKILL 128
#define TASK_WAKING 256
#define TASK_PARKED 512
#define TASK_NOLOAD 1024
#define TASK_NEW 2048
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
#define TASK_RTLOCK_WAIT 0x1000
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define TASK_FREEZABLE 0x2000
#define TASK_FROZEN 0x8000
#endif

#define TASK_KILLABLE (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_STOPPED (TASK_WAKEKILL | __TASK_STOPPED)
#define TASK_IDLE (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
#define TASK_NORMAL (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

#define PF_IDLE 0x2
#define PF_EXITING 0x4
#define PF_WQ_WORKER 0x20
#define PF_FORKNOEXEC 0x40
#define PF_SUPERPRIV 0x100
#define PF_DUMPCORE 0x200
#define PF_SIGNALED 0x400
#define PF_MEMALLOC 0x800
#define PF_NOFREEZE 0x8000
#define PF_KSWAPD 0x20000
#define PF_KTHREAD 0x200000
#define PF_RANDOMIZE 0x400000
#define PF_NO_SETAFFINITY 0x4000000

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
#define PF_IO_WORKER 0x10
#endif

#define MAX_RT_PRIO 100
#define MAX_PRIO 140
#define DEFAULT_PRIO 120
#define MAX_NICE 19
#define MIN_NICE (-20)
#define NICE_TO_PRIO(nice) ((nice) + DEFAULT_PRIO)

static inline __attribute__((always_inline)) int PRIO_TO_NICE(int prio)
{
	return prio - DEFAULT_PRIO;
}

#define task_pid_nr(task) ((task)->pid)
#define task_tgid_nr(task) ((task)->tgid)
#define task_ppid_nr(task) ((task)->real_parent->tgid)
#define task_nice(task) PRIO_TO_NICE((task)->static_prio)
#define thread_group_leader(task) ((task)->exit_signal >= 0)
#define task_thread_info(task) (&(task)->thread_info)
#define task_stack_page(task) ((task)->stack)
#define task_dfl_cgroup(task) ((task)->cgroups->dfl_cgrp)
#define cgroup_id(cgroup) ((cgroup)->kn->id)
#define __kuid_val(uid) ((uid).val)
#define __kgid_val(gid) ((gid).val)

#if HOTPROBE_HAS_FIELD(task_struct, cpu)
#define task_cpu(task) ((task)->cpu)
#else
#define task_cpu(task) ((task)->thread_info.cpu)
#endif

#define MODULE_NAME_LEN HOTPROBE_FIELD_SIZE(module, name)

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define KSYM_NAME_LEN 512
#else
#define KSYM_NAME_LEN 128
#endif

#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ENOIOCTLCMD 515
#define ERESTART_RESTARTBLOCK 516
#define EPROBE_DEFER 517
#define EOPENSTALE 518
#define ENOTSUPP 524

/* ---- Files --------------------------------------------------------------------------------- */

#define MINORBITS 20
#define MINORMASK ((1U << MINORBITS) - 1)
static inline __attribute__((always_inline)) unsigned int MAJOR(unsigned int dev)
{
	return dev >> MINORBITS;
}

static inline __attribute__((always_inline)) unsigned int MINOR(unsigned int dev)
{
	return dev & MINORMASK;
}

static inline __attribute__((always_inline)) u32 new_encode_dev(unsigned int dev)
{
	return (dev & 0xff) | dev >> MINORBITS << 8 | (dev & MINORMASK & ~0xffu) << 12;
}

#define MKDEV(major, minor) (((major) << MINORBITS) | (minor))

#if HOTPROBE_HAS_FIELD(dentry, d_shortname)
#define DNAME_INLINE_LEN HOTPROBE_FIELD_SIZE(dentry, d_shortname)
#else
#define DNAME_INLINE_LEN HOTPROBE_FIELD_SIZE(dentry, d_iname)
#endif

#define file_inode(file) ((file)->f_inode)
#define file_dentry(file) ((file)->f_path.dentry)
#define d_inode(dentry) ((dentry)->d_inode)
#define d_backing_inode(dentry) ((dentry)->d_inode)
#define d_is_negative(dentry) (!(dentry)->d_inode)
#define IS_ROOT(dentry) ((dentry) == (dentry)->d_parent)
#define i_size_read(inode) ((inode)->i_size)
#define i_uid_read(inode) ((inode)->i_uid.val)
#define i_gid_read(inode) ((inode)->i_gid.val)
#define imajor(inode) MAJOR((inode)->i_rdev)
#define iminor(inode) MINOR((inode)->i_rdev)

static inline __attribute__((always_inline)) bool S_ISLNK(unsigned int mode)
{
	return (mode & S_IFMT) == S_IFLNK;
}

static inline __attribute__((always_inline)) bool S_ISREG(unsigned int mode)
{
	return (mode & S_IFMT) == S_IFREG;
}

static inline __attribute__((always_inline)) bool S_ISDIR(unsigned int mode)
{
	return (mode & S_IFMT) == S_IFDIR;
}

static inline __attribute__((always_inline)) bool S_ISCHR(unsigned int mode)
{
	return (mode & S_IFMT) == S_IFCHR;
}

static inline __attribute__((always_inline)) bool S_ISBLK(unsigned int mode)
{
	return (mode & S_IFMT) == S_IFBLK;
}

static inline __attribute__((always_inline)) bool S_ISFIFO(unsigned int mode)
{
	return (mode & S_IFMT) == S_IFIFO;
}

static inline __attribute__((always_inline)) bool S_ISSOCK(unsigned int mode)
{
	return (mode & S_IFMT) == S_IFSOCK;
}

#define READ 0
#define WRITE 1

#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_LSEEK 0x4
#define FMODE_PREAD 0x8
#define FMODE_PWRITE 0x10
#define FMODE_EXEC 0x20
#define FMODE_RANDOM 0x1000
#define FMODE_PATH 0x4000
#define FMODE_ATOMIC_POS 0x8000
#define FMODE_WRITER 0x10000
#define FMODE_CAN_READ 0x20000
#define FMODE_CAN_WRITE 0x40000

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define FMODE_NDELAY 0x40
#define FMODE_EXCL 0x80
#define FMODE_WRITE_IOCTL 0x100
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 19, 0)
#define FMODE_OPENED 0x80000
#define FMODE_CREATED 0x100000
#endif

#define LOOKUP_FOLLOW 0x1
#define LOOKUP_DIRECTORY 0x2

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 9, 0)
#define MAY_EXEC 1
#define MAY_WRITE 2
#define MAY_READ 4
#define MAY_APPEND 8
#define MAY_ACCESS 0x10
#define MAY_OPEN 0x20
#endif

/* ---- Block devices ------------------------------------------------------------------------- */

#define BDEVNAME_SIZE 32
#define DISK_NAME_LEN HOTPROBE_FIELD_SIZE(gendisk, disk_name)
#define SECTOR_SHIFT 9
#define SECTOR_SIZE (1 << SECTOR_SHIFT)

#define REQ_OP_BITS 8
#define REQ_OP_MASK ((1 << REQ_OP_BITS) - 1)
static inline __attribute__((always_inline)) bool op_is_write(u32 op)
{
	return op & 1;
}

#define bio_op(bio) ((bio)->bi_opf & REQ_OP_MASK)
#define req_op(req) ((req)->cmd_flags & REQ_OP_MASK)
#define bio_data_dir(bio) (op_is_write((bio)->bi_opf) ? WRITE : READ)
#define rq_data_dir(req) (op_is_write((req)->cmd_flags) ? WRITE : READ)
#define bio_sectors(bio) ((bio)->bi_iter.bi_size >> SECTOR_SHIFT)
#define bio_end_sector(bio) ((bio)->bi_iter.bi_sector + bio_sectors(bio))
#define blk_rq_bytes(req) ((req)->__data_len)
#define blk_rq_sectors(req) (blk_rq_bytes(req) >> SECTOR_SHIFT)
#define blk_rq_pos(req) ((req)->__sector)

#if HOTPROBE_HAS_ENUMERATOR(__REQ_SYNC)
#define REQ_SYNC (1ULL << __REQ_SYNC)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_META)
#define REQ_META (1ULL << __REQ_META)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_PRIO)
#define REQ_PRIO (1ULL << __REQ_PRIO)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_NOMERGE)
#define REQ_NOMERGE (1ULL << __REQ_NOMERGE)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_IDLE)
#define REQ_IDLE (1ULL << __REQ_IDLE)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_INTEGRITY)
#define REQ_INTEGRITY (1ULL << __REQ_INTEGRITY)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_FUA)
#define REQ_FUA (1ULL << __REQ_FUA)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_PREFLUSH)
#define REQ_PREFLUSH (1ULL << __REQ_PREFLUSH)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_RAHEAD)
#define REQ_RAHEAD (1ULL << __REQ_RAHEAD)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_BACKGROUND)
#define REQ_BACKGROUND (1ULL << __REQ_BACKGROUND)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_NOWAIT)
#define REQ_NOWAIT (1ULL << __REQ_NOWAIT)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_POLLED)
#define REQ_POLLED (1ULL << __REQ_POLLED)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_HIPRI)
#define REQ_HIPRI (1ULL << __REQ_HIPRI)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_ALLOC_CACHE)
#define REQ_ALLOC_CACHE (1ULL << __REQ_ALLOC_CACHE)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_SWAP)
#define REQ_SWAP (1ULL << __REQ_SWAP)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_DRV)
#define REQ_DRV (1ULL << __REQ_DRV)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_NOUNMAP)
#define REQ_NOUNMAP (1ULL << __REQ_NOUNMAP)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_FAILFAST_DEV)
#define REQ_FAILFAST_DEV (1ULL << __REQ_FAILFAST_DEV)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_FAILFAST_TRANSPORT)
#define REQ_FAILFAST_TRANSPORT (1ULL << __REQ_FAILFAST_TRANSPORT)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_FAILFAST_DRIVER)
#define REQ_FAILFAST_DRIVER (1ULL << __REQ_FAILFAST_DRIVER)
#endif

#if HOTPROBE_HAS_ENUMERATOR(__REQ_CGROUP_PUNT)
#define REQ_CGROUP_PUNT (1ULL << __REQ_CGROUP_PUNT)
#endif

#define sg_is_chain(sg) ((sg)->page_link & 1)
#define sg_is_last(sg) ((sg)->page_link & 2)
#define sg_chain_ptr(sg) ((struct scatterlist *)((sg)->page_link & ~3UL))
#define sg_page(sg) ((struct page *)((sg)->page_link & ~3UL))

/* ---- Sockets ------------------------------------------------------------------------------- */

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_LOCAL 1
#define AF_INET 2
#define AF_AX25 3
#define AF_IPX 4
#define AF_APPLETALK 5
#define AF_NETROM 6
#define AF_BRIDGE 7
#define AF_ATMPVC 8
#define AF_X25 9
#define AF_INET6 10
#define AF_ROSE 11
#define AF_DECnet 12
#define AF_NETBEUI 13
#define AF_SECURITY 14
#define AF_KEY 15
#define AF_NETLINK 16
#define AF_ROUTE 16
#define AF_PACKET 17
#define AF_ASH 18
#define AF_ECONET 19
#define AF_ATMSVC 20
#define AF_RDS 21
#define AF_SNA 22
#define AF_IRDA 23
#define AF_PPPOX 24
#define AF_WANPIPE 25
#define AF_LLC 26
#define AF_IB 27
#define AF_MPLS 28
#define AF_CAN 29
#define AF_TIPC 30
#define AF_BLUETOOTH 31
#define AF_IUCV 32
#define AF_RXRPC 33
#define AF_ISDN 34
#define AF_PHONET 35
#define AF_IEEE802154 36
#define AF_CAIF 37
#define AF_ALG 38
#define AF_NFC 39
#define AF_VSOCK 40
#define AF_KCM 41
#define AF_QIPCRTR 42
#define AF_SMC 43
#define AF_XDP 44
#define AF_MCTP 45
#define PF_UNSPEC AF_UNSPEC
#define PF_UNIX AF_UNIX
#define PF_LOCAL AF_LOCAL
#define PF_INET AF_INET
#define PF_AX25 AF_AX25
#define PF_IPX AF_IPX
#define PF_APPLETALK AF_APPLETALK
#define PF_NETROM AF_NETROM
#define PF_BRIDGE AF_BRIDGE
#define PF_ATMPVC AF_ATMPVC
#define PF_X25 AF_X25
#define PF_INET6 AF_INET6
#define PF_ROSE AF_ROSE
#define PF_DECnet AF_DECnet
#define PF_NETBEUI AF_NETBEUI
#define PF_SECURITY AF_SECURITY
#define PF_KEY AF_KEY
#define PF_NETLINK AF_NETLINK
#define PF_ROUTE AF_ROUTE
#define PF_PACKET AF_PACKET
#define PF_ASH AF_ASH
#define PF_ECONET AF_ECONET
#define PF_ATMSVC AF_ATMSVC
#define PF_RDS AF_RDS
#define PF_SNA AF_SNA
#define PF_IRDA AF_IRDA
#define PF_PPPOX AF_PPPOX
#define PF_WANPIPE AF_WANPIPE
#define PF_LLC AF_LLC
#define PF_IB AF_IB
#define PF_MPLS AF_MPLS
#define PF_CAN AF_CAN
#define PF_TIPC AF_TIPC
#define PF_BLUETOOTH AF_BLUETOOTH
#define PF_IUCV AF_IUCV
#define PF_RXRPC AF_RXRPC
#define PF_ISDN AF_ISDN
#define PF_PHONET AF_PHONET
#define PF_IEEE802154 AF_IEEE802154
#define PF_CAIF AF_CAIF
#define PF_ALG AF_ALG
#define PF_NFC AF_NFC
#define PF_VSOCK AF_VSOCK
#define PF_KCM AF_KCM
#define PF_QIPCRTR AF_QIPCRTR
#define PF_SMC AF_SMC
#define PF_XDP AF_XDP
#define PF_MCTP AF_MCTP

#define SOL_IP 0
#define SOL_TCP 6
#define SOL_UDP 17
#define SOL_IPV6 41
#define SOL_ICMPV6 58
#define SOL_SCTP 132
#define SOL_RAW 255
#define SOL_PACKET 263
#define SOL_NETLINK 270
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define SOCK_TYPE_MASK 0xf
#define SOCK_CLOEXEC O_CLOEXEC
#define SOCK_NONBLOCK O_NONBLOCK
#define SOMAXCONN 4096
#define MSG_OOB 1
#define MSG_PEEK 2
#define MSG_DONTROUTE 4
#define MSG_CTRUNC 8
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_EOR 0x80
#define MSG_WAITALL 0x100
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000

#define inet_sk(sk) ((struct inet_sock *)(sk))
#define tcp_sk(sk) ((struct tcp_sock *)(sk))
#define udp_sk(sk) ((struct udp_sock *)(sk))
#define raw_sk(sk) ((struct raw_sock *)(sk))
#define unix_sk(sk) ((struct unix_sock *)(sk))
#define inet_csk(sk) ((struct inet_connection_sock *)(sk))
#define inet_rsk(sk) ((struct inet_request_sock *)(sk))
#define tcp_rsk(sk) ((struct tcp_request_sock *)(sk))
#define inet_twsk(sk) ((struct inet_timewait_sock *)(sk))
#define tcp_twsk(sk) ((struct tcp_timewait_sock *)(sk))
#define inet_reqsk(sk) ((struct request_sock *)(sk))
#define inet6_sk(sk) (inet_sk(sk)->pinet6)
#define netlink_sk(sk) ((struct netlink_sock *)(sk))
#define sock_net(sk) ((sk)->sk_net.net)
#define dev_net(dev) ((dev)->nd_net.net)
#define read_pnet(pnet) ((pnet)->net)
#define SOCK_INODE(sock) (&container_of(sock, struct socket_alloc, socket)->vfs_inode)
#define SOCKET_I(inode) (&container_of(inode, struct socket_alloc, vfs_inode)->socket)

#define TCPF_ESTABLISHED (1 << TCP_ESTABLISHED)
#define TCPF_SYN_SENT (1 << TCP_SYN_SENT)
#define TCPF_SYN_RECV (1 << TCP_SYN_RECV)
#define TCPF_FIN_WAIT1 (1 << TCP_FIN_WAIT1)
#define TCPF_FIN_WAIT2 (1 << TCP_FIN_WAIT2)
#define TCPF_TIME_WAIT (1 << TCP_TIME_WAIT)
#define TCPF_CLOSE (1 << TCP_CLOSE)
#define TCPF_CLOSE_WAIT (1 << TCP_CLOSE_WAIT)
#define TCPF_LAST_ACK (1 << TCP_LAST_ACK)
#define TCPF_LISTEN (1 << TCP_LISTEN)
#define TCPF_CLOSING (1 << TCP_CLOSING)
#define TCPF_NEW_SYN_RECV (1 << TCP_NEW_SYN_RECV)

/* ---- Packets ------------------------------------------------------------------------------- */

#define skb_mac_header(skb) ((skb)->head + (skb)->mac_header)
#define skb_network_header(skb) ((skb)->head + (skb)->network_header)
#define skb_transport_header(skb) ((skb)->head + (skb)->transport_header)
#define skb_transport_header_was_set(skb) ((skb)->transport_header != (u16)~0U)
#define skb_network_offset(skb) (skb_network_header(skb) - (skb)->data)
#define skb_transport_offset(skb) (skb_transport_header(skb) - (skb)->data)
#define skb_end_pointer(skb) ((skb)->head + (skb)->end)
#define skb_tail_pointer(skb) ((skb)->head + (skb)->tail)
#define skb_headlen(skb) ((skb)->len - (skb)->data_len)
#define skb_headroom(skb) ((skb)->data - (skb)->head)
#define skb_is_nonlinear(skb) ((skb)->data_len)
#define skb_shinfo(skb) ((struct skb_shared_info *)skb_end_pointer(skb))
#define skb_rx_queue_recorded(skb) ((skb)->queue_mapping != 0)
#define skb_get_rx_queue(skb) ((skb)->queue_mapping - 1)
#define skb_get_queue_mapping(skb) ((skb)->queue_mapping)
#define skb_vlan_tag_present(skb) ((skb)->vlan_all)
#define skb_vlan_tag_get(skb) ((skb)->vlan_tci)
#define skb_is_gso(skb) (skb_shinfo(skb)->gso_size)

static inline __attribute__((always_inline)) bool net_gso_ok(u64 features, int gso_type)
{
	return !(~features & (u64)gso_type << NETIF_F_GSO_SHIFT);
}

#define skb_rtable(skb) ((struct rtable *)((skb)->_skb_refdst & ~1UL))
#define skb_dst(skb) ((struct dst_entry *)((skb)->_skb_refdst & ~1UL))
#define eth_hdr(skb) ((struct ethhdr *)skb_mac_header(skb))
#define ip_hdr(skb) ((struct iphdr *)skb_network_header(skb))
#define ipv6_hdr(skb) ((struct ipv6hdr *)skb_network_header(skb))
#define arp_hdr(skb) ((struct arphdr *)skb_network_header(skb))
#define tcp_hdr(skb) ((struct tcphdr *)skb_transport_header(skb))
#define udp_hdr(skb) ((struct udphdr *)skb_transport_header(skb))
#define icmp_hdr(skb) ((struct icmphdr *)skb_transport_header(skb))
#define icmp6_hdr(skb) ((struct icmp6hdr *)skb_transport_header(skb))
#define ip_hdrlen(skb) (ip_hdr(skb)->ihl * 4)
#define tcp_hdrlen(skb) (tcp_hdr(skb)->doff * 4)
#define TCP_SKB_CB(skb) ((struct tcp_skb_cb *)&((skb)->cb[0]))
#define netdev_priv(dev) ((void *)((char *)(dev) + ALIGN(sizeof(struct net_device), 32)))

#define IP_CE 0x8000
#define IP_DF 0x4000
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff
#define NEXTHDR_HOP 0
#define NEXTHDR_IPV4 4
#define NEXTHDR_TCP 6
#define NEXTHDR_UDP 17
#define NEXTHDR_IPV6 41
#define NEXTHDR_ROUTING 43
#define NEXTHDR_FRAGMENT 44
#define NEXTHDR_GRE 47
#define NEXTHDR_ESP 50
#define NEXTHDR_AUTH 51
#define NEXTHDR_ICMP 58
#define NEXTHDR_NONE 59
#define NEXTHDR_DEST 60
#define NEXTHDR_SCTP 132
#define TCPHDR_FIN 0x01
#define TCPHDR_SYN 0x02
#define TCPHDR_RST 0x04
#define TCPHDR_PSH 0x08
#define TCPHDR_ACK 0x10
#define TCPHDR_URG 0x20
#define TCPHDR_ECE 0x40
#define TCPHDR_CWR 0x80
#define VLAN_HLEN 4
#define VLAN_ETH_HLEN 18
#define VLAN_PRIO_MASK 0xe000
#define VLAN_PRIO_SHIFT 13
#define VLAN_VID_MASK 0x0fff
#define CHECKSUM_NONE 0
#define CHECKSUM_UNNECESSARY 1
#define CHECKSUM_COMPLETE 2
#define CHECKSUM_PARTIAL 3
#define LOOPBACK_IFINDEX 1

struct vlan_hdr {
	__be16 h_vlan_TCI;
	__be16 h_vlan_encapsulated_proto;
};

struct timeval {
	long tv_sec;
	long tv_usec;
};

struct timespec {
	long tv_sec;
	long tv_nsec;
};
