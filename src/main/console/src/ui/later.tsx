import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Skeleton, Trouble } from './panel';

/** As after every change of page: what came late is told to screen readers, unless something has the focus by now. */
function focusHeading() {
  if (document.activeElement === document.body) document.querySelector('h1')?.focus();
}

/**
 * A page that is fetched when it is first opened, so that the first load stays small. It is gone where a newer version of
 * the console has been installed meanwhile: then the whole page must be loaded anew.
 */
export function later<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let got: FunctionComponent<P> | undefined;
  return function Later(props: P) {
    const [state, setState] = useState<'there' | 'loading' | 'failed'>(got ? 'there' : 'loading');
    useEffect(() => {
      if (state !== 'loading') return;
      let here = true;
      load().then((page) => { got = page; if (here) { setState('there'); requestAnimationFrame(focusHeading); } }, () => { if (here) setState('failed'); });
      return () => { here = false; };
    }, [state]);
    const Page = got;
    if (Page) return <Page {...props} />;
    if (state === 'failed') {
      return (
        <div class="card">
          <Trouble problem={{ title: 'Not loaded', status: 0, detail: 'This page could not be loaded.', remedy: 'Nightshift may be away, or there is a newer version of it.' }} retry={() => window.location.reload()} />
        </div>
      );
    }
    return <Skeleton rows={6} tall />;
  };
}
