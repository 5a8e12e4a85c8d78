/** What people call the browser that named itself so; its own words where it is none that we know. */
export function browser(agent: string | null): string {
  if (!agent) return 'Unknown';
  const name = agent.match(/(?:Edg|EdgA|EdgiOS)\//) ? 'Edge'
    : agent.match(/OPR\//) ? 'Opera'
      : agent.match(/(?:Firefox|FxiOS)\//) ? 'Firefox'
        : agent.match(/(?:Chrome|CriOS|Chromium)\//) ? 'Chrome'
          : agent.match(/Version\/.*Safari\//) ? 'Safari' : null;
  const system = agent.match(/iPhone|iPad/) ? 'iOS'
    : agent.match(/Android/) ? 'Android'
      : agent.match(/Windows/) ? 'Windows'
        : agent.match(/Mac OS X|Macintosh/) ? 'macOS'
          : agent.match(/Linux|X11/) ? 'Linux' : null;
  if (!name) return agent.length > 60 ? `${agent.slice(0, 60)}…` : agent;
  return system ? `${name} on ${system}` : name;
}
