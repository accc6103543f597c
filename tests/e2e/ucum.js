'use strict';
/*
 * Lines "FROM <tab> TO <tab> VALUE ..." in; each out again with what UCUM makes of VALUE in front: a number, or "no" and
 * why not.
 */
const { UcumLhcUtils } = require('@lhncbc/ucum-lhc');

const ucum = UcumLhcUtils.getInstance();
for (const line of require('node:fs').readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const [from, to, value] = line.split('\t');
  const answer = ucum.convertUnitTo(from, Number(value), to);
  console.log(`${answer.status === 'succeeded' ? answer.toVal : 'no'}\t${line}`);
}
