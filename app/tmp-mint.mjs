// scratch: puts test tokens into an embedded chain's file
import {readFileSync,writeFileSync} from 'node:fs'; import {getProgramDerivedAddress,address,getAddressEncoder} from '@solana/kit';
const [file,mint,...owners]=process.argv.slice(2);
const enc=a=>Buffer.from(getAddressEncoder().encode(address(a)));
const d=readFileSync(file);let o=16+8+32+24;const n=d.readUInt32LE(o);const nOff=o;o+=4;const recs=[];
for(let i=0;i<n;i++){const s=o;o+=32+8+32+1;const l=d.readUInt32LE(o);o+=4+l;recs.push(Buffer.from(d.subarray(s,o)))}
const tail=d.subarray(o);let supply=0n;const T='TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
for(const ow of owners){const [who,amt]=ow.split(':');const [ata]=await getProgramDerivedAddress({programAddress:address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'),seeds:[enc(who),enc(T),enc(mint)]});
 const data=Buffer.alloc(165);enc(mint).copy(data,0);enc(who).copy(data,32);data.writeBigUInt64LE(BigInt(amt),64);data[108]=1;supply+=BigInt(amt);
 const r=Buffer.alloc(32+8+32+1+4+165);enc(ata).copy(r,0);r.writeBigUInt64LE(2039280n,32);enc(T).copy(r,40);r[72]=0;r.writeUInt32LE(165,73);data.copy(r,77);recs.push(r);
 // lamports for the owner
 if(!recs.some(x=>x.subarray(0,32).equals(enc(who)))){const w=Buffer.alloc(77);enc(who).copy(w,0);w.writeBigUInt64LE(10_000_000_000n,32);recs.push(w)}}
for(const r of recs) if(r.subarray(0,32).equals(enc(mint))) r.writeBigUInt64LE(r.readBigUInt64LE(77+36)+supply,77+36);
recs.sort((a,b)=>Buffer.compare(a.subarray(0,32),b.subarray(0,32)));
const head=Buffer.from(d.subarray(0,nOff));head.writeBigUInt64LE(head.readBigUInt64LE(16)+1n,16);const c=Buffer.alloc(4);c.writeUInt32LE(recs.length);
writeFileSync(file,Buffer.concat([head,c,...recs,tail]));console.log('ok',recs.length);
