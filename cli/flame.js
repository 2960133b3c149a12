/* SPDX-License-Identifier: Apache-2.0 */
/* What a flame graph does when it is looked at: click to zoom, Ctrl-F or / to search. */
"use strict";
(function () {
	const svg = document.documentElement;
	const frames = Array.from(svg.querySelectorAll("svg.f"));
	const detail = document.getElementById("detail");
	const matched = document.getElementById("matched");
	const reset = document.getElementById("reset");
	const box = f => [Number(f.dataset.x), Number(f.dataset.w)];
	const name = f => f.querySelector("text").textContent;
	const total = f => Number(f.dataset.n);

	function place(f, x, w) {
		f.setAttribute("x", x + "%");
		f.setAttribute("width", w + "%");
		f.style.display = w < 0.02 || x >= 100 || x + w <= 0 ? "none" : "";
	}

	/* What lies below a frame (its callers) spans the whole width, what is beside it goes. */
	function zoom(to) {
		const [left, width] = box(to), depth = Number(to.dataset.d);

		for (const f of frames) {
			const [x, w] = box(f), below = Number(f.dataset.d) < depth;
			const around = x <= left + 1e-7 && x + w >= left + width - 1e-7;

			f.classList.toggle("caller", below && around);
			if (below)
				place(f, around ? 0 : 200, 100);
			else
				place(f, (x - left) / width * 100, w / width * 100);
		}
		reset.style.display = depth ? "" : "none";
	}

	/* Frames inside of others that match are counted once. */
	function search(pattern) {
		let test, end = -1, sum = 0;

		try {
			test = pattern ? new RegExp(pattern) : null;
		} catch (error) {
			matched.textContent = error.message;
			return;
		}
		const hits = frames.filter(f => {
			const hit = test !== null && test.test(name(f));

			f.classList.toggle("hit", hit);
			return hit;
		});
		hits.sort((a, b) => box(a)[0] - box(b)[0] || box(b)[1] - box(a)[1]);
		for (const f of hits) {
			const [x, w] = box(f);

			if (x + 1e-7 < end)
				continue;
			end = x + w;
			sum += w;
		}
		matched.textContent = test ? "matched: " + sum.toFixed(1) + " %" : "";
	}

	svg.addEventListener("mouseover", event => {
		const f = event.target.closest("svg.f");

		detail.textContent = f ? f.querySelector("title").textContent : "";
	});
	svg.addEventListener("click", event => {
		const f = event.target.closest("svg.f");

		if (f)
			zoom(f);
		else if (event.target.id === "reset")
			zoom(frames[0]);
		else if (event.target.id === "search")
			search(prompt("Functions that match (a regular expression):", ""));
	});
	window.addEventListener("keydown", event => {
		if (event.key === "/" || (event.key === "f" && event.ctrlKey)) {
			event.preventDefault();
			search(prompt("Functions that match (a regular expression):", ""));
		} else if (event.key === "Escape") {
			zoom(frames[0]);
			search("");
		}
	});
	window.hotprobeFlame = {zoom, search, frames};
})();
