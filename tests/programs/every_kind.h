/* SPDX-License-Identifier: Apache-2.0 */
/* A struct with a field of every kind, for BPF C and for the test that reads what it sends. */

enum colour {
	COLOUR_NONE = -1,
	RED,
	GREEN = 7,
};

struct inner_t {
	u16 a;
	s8 b;
	char tag[5];
};

union either_t {
	u32 word;
	u8 bytes[4];
};

struct every_t {
	u8 u8_;
	s8 s8_;
	u16 u16_;
	s16 s16_;
	u32 u32_;
	s32 s32_;
	u64 u64_;
	s64 s64_;
	bool truth;
	char letter;
	enum colour colour;
	void *pointer;
	char text[8];
	u8 raw[3];
	s32 numbers[3];
	struct inner_t inner;
	struct inner_t inners[2];
	union either_t either;
	struct {
		s32 hidden;
		union {
			u32 deep;
			char deep_text[4];
		};
	};
	unsigned __int128 wide;
	u32 low : 3;
	s32 middle : 5;
	u32 high : 24;
	u64 long_low : 60;
	s64 long_high : 4;
	enum colour narrow : 4;
	u16 grid[2][3];
};

/* Macros, so that both sides have the same values. */
#define FILL_EVERY(e)                                                                              \
	do {                                                                                       \
		(e).u8_ = 200;                                                                     \
		(e).s8_ = -100;                                                                    \
		(e).u16_ = 60000;                                                                  \
		(e).s16_ = -30000;                                                                 \
		(e).u32_ = 4000000000u;                                                            \
		(e).s32_ = -2000000000;                                                            \
		(e).u64_ = 0xfffffffffffffffeull;                                                  \
		(e).s64_ = -0x7fffffffffffffffll;                                                  \
		(e).truth = 1;                                                                     \
		(e).letter = 'Q';                                                                  \
		(e).colour = COLOUR_NONE;                                                          \
		(e).pointer = (void *)0xffff888101234567ull;                                       \
		(e).text[0] = 'o';                                                                 \
		(e).text[1] = 'k';                                                                 \
		(e).raw[0] = 1;                                                                    \
		(e).raw[2] = 255;                                                                  \
		(e).numbers[0] = -1;                                                               \
		(e).numbers[2] = 1;                                                                \
		(e).inner.a = 1000;                                                                \
		(e).inner.b = -1;                                                                  \
		(e).inner.tag[0] = 't';                                                            \
		(e).inners[1].a = 3;                                                               \
		(e).inners[1].b = -4;                                                              \
		(e).either.word = 0x04030201;                                                      \
		(e).hidden = -77;                                                                  \
		(e).deep = 0x00434241;                                                             \
		(e).wide =                                                                         \
			((unsigned __int128)0x0123456789abcdefull << 64) | 0xfedcba9876543210ull;  \
		(e).low = 5;                                                                       \
		(e).middle = -16;                                                                  \
		(e).high = 0xabcdef;                                                               \
		(e).long_low = 0xabcdef012345678ull;                                               \
		(e).long_high = -8;                                                                \
		(e).narrow = GREEN;                                                                \
		(e).grid[0][1] = 2;                                                                \
		(e).grid[1][2] = 65535;                                                            \
	} while (0)
