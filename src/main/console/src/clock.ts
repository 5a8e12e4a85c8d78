import { signal } from '@preact/signals';

/** The reader's clock for relative times and elapsed ones; ticks only while the page is seen. */
export const now = signal(Date.now());

window.setInterval(() => { if (!document.hidden) now.value = Date.now(); }, 1000);
document.addEventListener('visibilitychange', () => { now.value = Date.now(); });
