/* SPDX-License-Identifier: Apache-2.0 */
/* The table of words: open addressing, with a filter that rejects most of BTF's strings. */
#include <string.h>

#include "headers_words.h"
#include "text.h"

uint32_t words_hash(const char *at, size_t size)
{
	const uint64_t k = 0x9e3779b97f4a7c15ull;
	uint64_t h = size * k, part = 0;

	for (; size >= 8; at += 8, size -= 8) {
		memcpy(&part, at, 8);
		h = (h ^ part) * k;
		h ^= h >> 29;
	}
	for (part = 0; size; size--)
		part = part << 8 | (unsigned char)at[size - 1];
	h = (h ^ part) * k;
	h ^= h >> 32;
	return (uint32_t)(h * k >> 32);
}

static bool filter_has(const struct words *words, uint32_t hash)
{
	return words->filter[hash >> 6 & 1023] >> (hash & 63) & 1;
}

static struct word *find(const struct words *words, const char *at, size_t size, uint32_t hash)
{
	size_t i = hash;

	if (!words->count || !filter_has(words, hash))
		return NULL;
	while (words->slots[i &= words->slot_count - 1]) {
		struct word *word = &words->list[words->slots[i] - 1];

		if (word->hash == hash && word->size == size && !memcmp(word->at, at, size))
			return word;
		i++;
	}
	return NULL;
}

static void insert(struct words *words, size_t index)
{
	size_t i = words->list[index].hash;

	while (words->slots[i &= words->slot_count - 1])
		i++;
	words->slots[i] = (uint32_t)index + 1;
}

static void grow(struct words *words)
{
	words->slot_count = words->slot_count ? 2 * words->slot_count : 4096;
	words->slots = cc_realloc(words->slots, words->slot_count * sizeof(*words->slots));
	memset(words->slots, 0, words->slot_count * sizeof(*words->slots));
	for (size_t i = 0; i < words->count; i++)
		insert(words, i);
}

struct word *words_add(struct words *words, const char *at, size_t size)
{
	uint32_t hash = words_hash(at, size);
	struct word *word = find(words, at, size, hash);

	if (word)
		return word;
	words->list = cc_grow(words->list, words->count, sizeof(*words->list));
	words->list[words->count] = (struct word){.at = at, .size = (uint32_t)size, .hash = hash};
	words->filter[hash >> 6 & 1023] |= 1ull << (hash & 63);
	if (2 * ++words->count > words->slot_count)
		grow(words);
	else
		insert(words, words->count - 1);
	return &words->list[words->count - 1];
}

struct word *words_find(const struct words *words, const char *at, size_t size)
{
	return find(words, at, size, words_hash(at, size));
}

uint32_t words_flags(const struct words *words, const char *string)
{
	const struct word *word = words_find(words, string, strlen(string));

	return word ? word->flags : 0;
}
