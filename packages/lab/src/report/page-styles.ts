import { chartStyles } from './frame.ts'
import { FONT, themeVariables } from './theme.ts'

/** Styles of every report. */
export const pageStyles = `${themeVariables}
*{box-sizing:border-box}
html{font:16px/1.55 ${FONT};background:var(--ground);color:var(--text);-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:2rem clamp(.75rem,3vw,2.5rem) 4rem;max-width:112rem}
h1,h2,h3{line-height:1.25;margin:0;text-wrap:balance}
h1{font-size:clamp(1.6rem,1.2rem + 1.6vw,2.2rem);letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:2.5rem 0 .75rem}
h3{font-size:1rem}
p,figcaption,li{max-width:44rem}
.lead{font-size:1.1rem;color:var(--quiet);margin:.5rem 0 0}
a{color:var(--hue0)}
main:focus{outline:none}
:focus-visible{outline:3px solid var(--hue1);outline-offset:2px}
.skip{position:absolute;left:-9999px}
.skip:focus{left:.75rem;top:.5rem;padding:.5rem .75rem;background:var(--panel);z-index:9}
button,summary{font:inherit;color:inherit;cursor:pointer}
button{padding:.3rem .8rem;border:1px solid var(--line);border-radius:6px;background:var(--panel)}
button:hover,summary:hover{border-color:var(--hue0)}
.facts{display:flex;flex-wrap:wrap;gap:.75rem 2.25rem;margin:1.5rem 0}
.facts div{min-width:5rem}
.facts dt{font-size:.85rem;color:var(--quiet)}
.facts dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}
figure{margin:1.5rem 0}
figure svg{display:block;max-width:100%;height:auto}
figcaption{color:var(--quiet);margin:.5rem 0}
.when-narrow{display:none}
@media(max-width:50rem){.when-wide{display:none}.when-narrow{display:block}}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--quiet);padding:.25rem 0}
th,td{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:1px solid var(--faint);white-space:nowrap;font-weight:400}
thead th{font-weight:600;border-color:var(--line)}
.n{text-align:right}
@media print{body{padding:0;max-width:none}.skip,button{display:none}figure,tr{break-inside:avoid}h2,h3,summary{break-after:avoid}}
${chartStyles}`
